package io.clocktower.kubevirt;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.device.DeviceChanges;
import io.clocktower.device.DeviceHost;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.DeviceDraft;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.Durations;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.InvalidDeviceException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The pod's one device, made as the annotations of its VMI ask for. KubeVirt calls the hook several times a boot: what was
 * asked for before is not done again, so an operator's change in between stays. Not thread-safe.
 */
final class PodDevice {

    private static final String ACTOR = "kubevirt";
    /** The fault that the API shows as the device's offset. */
    private static final String OFFSET_ID = "offset";
    private static final int MAX_LABEL = 63;

    private final DeviceHost devices;
    private final DeviceSpec configured;
    private Optional<VmSettings> applied = Optional.empty();

    /**
     * @param configured as the configuration has it
     */
    PodDevice(DeviceHost devices, DeviceSpec configured) {
        this.devices = devices;
        this.configured = configured;
    }

    String name() {
        return configured.name();
    }

    DeviceSpec spec() {
        return configured;
    }

    /**
     * Makes the device as it is asked for.
     *
     * @throws HookException if it cannot be; it names the annotation that is the reason
     */
    void apply(Vmi vmi, VmSettings settings) {
        DeviceSpec wanted = wanted(vmi, settings);
        if (applied.filter(settings::equals).isPresent()) {
            return;
        }
        DeviceChanges changes = devices.changes().by(ACTOR);
        try {
            DeviceSpec current = devices.spec(name());
            if (!current.clocks().equals(wanted.clocks()) || !current.pollWindow().equals(wanted.pollWindow())) {
                devices.remove(name(), DeviceVersion.ANY, false, Optional.of(ACTOR));
                devices.create(wanted, Optional.of(ACTOR));
            } else if (!current.labels().equals(wanted.labels())) {
                changes.label(name(), DeviceVersion.ANY, wanted.labels());
            }
            move(changes, settings);
        } catch (DeviceException e) {
            throw new HookException("%s", e.getMessage());
        }
        applied = Optional.of(settings);
    }

    private void move(DeviceChanges changes, VmSettings settings) throws DeviceException {
        Duration offset = settings.offset().orElse(Duration.ZERO);
        boolean wasMoved = applied.flatMap(VmSettings::offset).isPresent();
        if (!offset.isZero()) {
            try {
                changes.inject(name(), DeviceVersion.ANY, Optional.of(OFFSET_ID),
                        new FaultRequest(Optional.empty(), new Effect.Step(Durations.ns(offset).longValueExact()),
                                Optional.empty(), Optional.empty(), ACTOR, "annotation clocktower.io/offset"));
            } catch (DeviceException e) {
                throw new HookException("%s",
                        VmSettings.error(VmSettings.OFFSET, Durations.format(offset), e.getMessage()));
            }
        } else if (wasMoved || settings.offset().isPresent()) {
            changes.revert(name(), DeviceVersion.ANY, fault -> fault.id().equals(OFFSET_ID));
        }
    }

    private DeviceSpec wanted(Vmi vmi, VmSettings settings) {
        List<DeviceDraft.Clock> configuredClocks = configured.clocks().stream().map(PodDevice::draft).toList();
        Map<String, String> labels = new LinkedHashMap<>(configured.labels());
        putName(labels, VmSettings.NAMESPACE_LABEL, vmi.namespace());
        putName(labels, VmSettings.VMI_LABEL, vmi.name());
        labels.putAll(settings.labels());
        try {
            DeviceSpec wanted = new DeviceDraft(name(), Optional.of(configured.socket()), configured.mode(),
                    Optional.of(settings.clocks().orElse(configuredClocks)), Optional.empty(),
                    Optional.of(settings.pollWindow().orElse(configured.pollWindow())), configured.features(), labels)
                    .toSpec(configured.socket().getParent());
            return wanted.withCounter(configured.counter());
        } catch (InvalidDeviceException e) {
            throw new HookException("%s",
                    e.faults().stream().map(PodDevice::error).collect(Collectors.joining("; ")));
        }
    }

    /** The fields that can be wrong are those that annotations set: the others were checked at the start. */
    private static String error(FieldError fault) {
        String key = switch (fault.field().replaceFirst("[.\\[].*", "")) {
            case "clocks" -> VmSettings.CLOCKS;
            case "pollWindow" -> VmSettings.POLL_WINDOW;
            default -> VmSettings.LABELS;
        };
        return "annotation " + VmSettings.PREFIX + key + ": "
                + (key.equals(VmSettings.POLL_WINDOW) ? fault.detail() : fault.toString());
    }

    private static DeviceDraft.Clock draft(ClockSpec clock) {
        return new DeviceDraft.Clock(clock.type(), Optional.of(clock.smearing()), clock.alarm());
    }

    /** Names of Kubernetes may be longer than a label. */
    private static void putName(Map<String, String> labels, String label, String name) {
        if (!name.isEmpty()) {
            String cut = name.substring(0, Math.min(name.length(), MAX_LABEL));
            labels.put(label, cut.replaceFirst("[^A-Za-z0-9]+$", ""));
        }
    }
}
