package io.clocktower.config;

import io.clocktower.socket.PassedSockets;
import io.clocktower.spec.DeviceDraft;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.Durations;
import io.clocktower.spec.InvalidDeviceException;
import io.clocktower.spec.Texts;
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

/** The devices that a configuration describes, or all of its errors. Changes nothing. */
final class DeviceSpecs {

    static final String DEFAULT_DEVICE = "vm0";

    private static final Duration MAX_SHUTDOWN_GRACE = Duration.ofDays(1);
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern CAPITAL = Pattern.compile("[A-Z]");
    private static final String LABEL = "labels.";

    private final Path socketDirectory;
    private final List<String> errors = new ArrayList<>();
    private final List<DeviceSpec> specs = new ArrayList<>();

    private DeviceSpecs(Path socketDirectory) {
        this.socketDirectory = socketDirectory;
    }

    /**
     * @param errors each names a property, its value, and what is allowed
     */
    record Checked(List<DeviceSpec> specs, List<String> errors) {}

    static Checked of(ClocktowerConfig config) {
        var specs = new DeviceSpecs(SocketDirectory.of(config));
        specs.checkService(config);
        if (config.devices().isEmpty()) {
            specs.add(DeviceDraft.named(DEFAULT_DEVICE));
        }
        new TreeMap<>(config.devices()).forEach(specs::add);
        specs.checkSockets();
        specs.checkSocketNumbers(config);
        return new Checked(specs.specs, specs.errors);
    }

    private void checkService(ClocktowerConfig config) {
        int processors = Runtime.getRuntime().availableProcessors();
        if (config.eventLoops() < 1 || config.eventLoops() > processors) {
            errors.add("clocktower.event-loops: %d, expected 1 to %d, the number of processors"
                    .formatted(config.eventLoops(), processors));
        }
        if (config.shutdownGrace().isNegative() || config.shutdownGrace().compareTo(MAX_SHUTDOWN_GRACE) > 0) {
            errors.add("clocktower.shutdown-grace: %s, expected 0s to 1 day"
                    .formatted(Durations.text(config.shutdownGrace())));
        }
    }

    private void add(String name, ClocktowerConfig.Device device) {
        add(new DeviceDraft(name, device.socket().map(Path::toAbsolutePath), device.mode(),
                device.clocks().map(clocks -> clocks.stream()
                        .map(clock -> new DeviceDraft.Clock(clock.type(), clock.smearing(), clock.alarm())).toList()),
                device.counter().map(counter -> new DeviceDraft.Counter(counter.offset(), counter.ratio(),
                        counter.fractionBits())),
                Optional.of(device.pollWindow()),
                new DeviceFeatures(device.features().packed(), device.features().indirect(),
                        device.features().eventIndex(), device.features().alarms()),
                device.labels()));
    }

    private void add(DeviceDraft draft) {
        try {
            specs.add(draft.toSpec(socketDirectory));
        } catch (InvalidDeviceException e) {
            e.faults().forEach(fault -> errors.add(property(draft.name(), fault.field()) + ": " + fault.detail()));
        }
    }

    private void checkSockets() {
        Map<Path, String> owners = new HashMap<>();
        for (DeviceSpec spec : specs) {
            String property = property(spec.name()) + ".socket";
            String owner = owners.putIfAbsent(SocketDirectory.resolve(spec.socket()), property);
            if (owner != null) {
                errors.add("%s: %s is also the socket of %s".formatted(property,
                        spec.socket(), owner));
            }
        }
    }

    /** The numbers of inherited descriptors, by device. */
    static Map<String, Integer> socketNumbers(ClocktowerConfig config) {
        Map<String, Integer> numbers = new TreeMap<>();
        config.devices().forEach((name, device) -> device.socketFd().ifPresent(number -> numbers.put(name, number)));
        return numbers;
    }

    private void checkSocketNumbers(ClocktowerConfig config) {
        Map<Integer, String> owners = new HashMap<>();
        socketNumbers(config).forEach((name, number) -> {
            String property = property(name) + ".socket-fd";
            String owner = owners.putIfAbsent(number, property);
            if (number < PassedSockets.FIRST) {
                errors.add("%s: %d, expected the number of an inherited descriptor, at least %d".formatted(property,
                        number, PassedSockets.FIRST));
            } else if (owner != null) {
                errors.add("%s: %d is also the descriptor of %s".formatted(property, number, owner));
            }
        });
    }

    /** The property under which a device is configured; a name with other characters than those of a word is quoted. */
    static String property(String name) {
        return "clocktower.devices." + (WORD.matcher(name).matches() ? name : Texts.quoted(name));
    }

    /** The property of a device's field: hyphens instead of capital letters. The name has no property of its own. */
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
