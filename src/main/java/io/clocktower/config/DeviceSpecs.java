package io.clocktower.config;

import io.clocktower.device.DeviceDraft;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.FieldFault;
import io.clocktower.device.InvalidDeviceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The devices that a configuration asks for, or all that is wrong with it. Changes nothing. */
final class DeviceSpecs {

    static final String DEFAULT_DEVICE = "vm0";

    private static final Duration MAX_SHUTDOWN_GRACE = Duration.ofDays(1);
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern CAPITAL = Pattern.compile("[A-Z]");
    private static final String LABEL = "labels.";

    private final Path socketDirectory;
    private final List<String> faults = new ArrayList<>();
    private final List<DeviceSpec> specs = new ArrayList<>();

    private DeviceSpecs(Path socketDirectory) {
        this.socketDirectory = socketDirectory;
    }

    /**
     * @param faults each names a property, its value, and what was expected
     */
    record Checked(List<DeviceSpec> specs, List<String> faults) {}

    static Checked of(ClocktowerConfig config) {
        var specs = new DeviceSpecs(SocketDirectory.of(config));
        specs.checkService(config);
        if (config.devices().isEmpty()) {
            specs.add(DeviceDraft.named(DEFAULT_DEVICE));
        }
        new TreeMap<>(config.devices()).forEach(specs::add);
        specs.checkSockets();
        return new Checked(specs.specs, specs.faults);
    }

    private void checkService(ClocktowerConfig config) {
        int processors = Runtime.getRuntime().availableProcessors();
        if (config.eventLoops() < 1 || config.eventLoops() > processors) {
            faults.add("clocktower.event-loops: %d, expected 1 to %d, the number of processors"
                    .formatted(config.eventLoops(), processors));
        }
        if (config.shutdownGrace().isNegative() || config.shutdownGrace().compareTo(MAX_SHUTDOWN_GRACE) > 0) {
            faults.add("clocktower.shutdown-grace: %s, expected 0 to 1 day".formatted(config.shutdownGrace()));
        }
    }

    private void add(String name, ClocktowerConfig.Device device) {
        add(new DeviceDraft(name, device.socket().map(Path::toAbsolutePath),
                device.clocks().map(clocks -> clocks.stream()
                        .map(clock -> new DeviceDraft.Clock(clock.type(), clock.smearing(), clock.alarm())).toList()),
                device.counter().map(counter -> new DeviceDraft.Counter(counter.offset(), counter.ratio(),
                        counter.fractionBits())),
                Optional.of(device.pollWindow()), device.labels()));
    }

    private void add(DeviceDraft draft) {
        try {
            specs.add(draft.toSpec(socketDirectory));
        } catch (InvalidDeviceException e) {
            e.faults().forEach(fault -> faults.add(property(draft.name(), fault.field()) + ": " + fault.detail()));
        }
    }

    private void checkSockets() {
        Map<Path, String> owners = new HashMap<>();
        for (DeviceSpec spec : specs) {
            String property = property(spec.name()) + ".socket";
            String owner = owners.putIfAbsent(SocketDirectory.resolve(spec.socket()), property);
            if (owner != null) {
                faults.add("%s: %s is the socket of %s too, expected one of its own".formatted(property,
                        spec.socket(), owner));
            }
        }
    }

    /** The property under which a device is configured; a name that is more than one word is quoted there. */
    static String property(String name) {
        return "clocktower.devices." + (WORD.matcher(name).matches() ? name : FieldFault.quoted(name));
    }

    /** The property of a device's field: hyphens instead of capitals, and the name is no property of its own. */
    private static String property(String name, String field) {
        if (field.equals("name")) {
            return property(name);
        }
        String key = field.startsWith(LABEL)
                ? field
                : CAPITAL.matcher(field).replaceAll(capital -> "-" + capital.group().toLowerCase(Locale.ROOT));
        return property(name) + "." + key;
    }
}
