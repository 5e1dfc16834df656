package io.clocktower.config;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import io.clocktower.device.DeviceSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The devices that a configuration asks for, or all that is wrong with it. Changes nothing. */
final class DeviceSpecs {

    static final String DEFAULT_DEVICE = "vm0";

    /** {@code sun_path} has room for so many bytes and the zero that ends them. */
    private static final int MAX_SOCKET_PATH_BYTES = 107;
    private static final int MAX_CLOCKS = 64;
    private static final Duration MAX_SHUTDOWN_GRACE = Duration.ofDays(1);
    private static final Duration MAX_POLL_WINDOW = Duration.ofSeconds(1);
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

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
        var specs = new DeviceSpecs(config.socketDir()
                .orElseGet(DefaultDirectories.ofThisUser()::sockets).toAbsolutePath());
        specs.checkService(config);
        if (config.devices().isEmpty()) {
            specs.add(DEFAULT_DEVICE, Optional.empty(), ClockSpec.DEFAULTS, Optional.empty(), Duration.ZERO,
                    Map.of());
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
        String property = property(name);
        if (!NAME.matcher(name).matches()) {
            faults.add(property + ": a name of letters, digits, '.', '_' and '-' was expected, of 63 at the most");
            return;
        }
        if (device.pollWindow().isNegative() || device.pollWindow().compareTo(MAX_POLL_WINDOW) > 0) {
            faults.add("%s.poll-window: %s, expected 0 to 1s".formatted(property, device.pollWindow()));
        }
        List<ClockSpec> clocks = device.clocks().map(list -> clocks(property + ".clocks", list))
                .orElse(ClockSpec.DEFAULTS);
        Optional<CounterMapping> counter = device.counter().flatMap(given -> counter(property + ".counter", given));
        add(name, device.socket(), clocks, counter, device.pollWindow(), device.labels());
    }

    private void add(String name, Optional<Path> socket, List<ClockSpec> clocks,
            Optional<CounterMapping> counter, Duration pollWindow, Map<String, String> labels) {
        Path path = socket.map(Path::toAbsolutePath).orElseGet(() -> socketDirectory.resolve(name + ".sock"));
        specs.add(new DeviceSpec(name, path.normalize(), clocks, counter, pollWindow, labels));
    }

    private List<ClockSpec> clocks(String property, List<ClocktowerConfig.Clock> clocks) {
        if (clocks.size() > MAX_CLOCKS) {
            faults.add("%s: %d clocks, expected at most %d".formatted(property, clocks.size(), MAX_CLOCKS));
        }
        List<ClockSpec> specs = new ArrayList<>();
        for (int i = 0; i < clocks.size(); i++) {
            ClocktowerConfig.Clock clock = clocks.get(i);
            Smearing usual = clock.type() == ClockType.UTC_SMEARED ? Smearing.NOON_LINEAR : Smearing.UNSPECIFIED;
            try {
                specs.add(new ClockSpec(clock.type(), clock.smearing().orElse(usual), clock.alarm()));
            } catch (IllegalArgumentException e) {
                faults.add("%s[%d].%s".formatted(property, i, e.getMessage()));
            }
        }
        return specs;
    }

    private Optional<CounterMapping> counter(String property, ClocktowerConfig.Counter counter) {
        try {
            return Optional.of(new CounterMapping(counter.offset(), Long.parseUnsignedLong(counter.ratio()),
                    counter.fractionBits()));
        } catch (NumberFormatException e) {
            faults.add("%s.ratio: %s, expected an unsigned 64-bit number".formatted(property, counter.ratio()));
        } catch (IllegalArgumentException e) {
            faults.add("%s.%s".formatted(property, e.getMessage()));
        }
        return Optional.empty();
    }

    private void checkSockets() {
        Map<Path, String> owners = new HashMap<>();
        for (DeviceSpec spec : specs) {
            String property = property(spec.name()) + ".socket";
            int bytes = spec.socket().toString().getBytes(StandardCharsets.UTF_8).length;
            if (bytes > MAX_SOCKET_PATH_BYTES) {
                faults.add("%s: %s has %d bytes, expected at most %d".formatted(property, spec.socket(), bytes,
                        MAX_SOCKET_PATH_BYTES));
            }
            String owner = owners.putIfAbsent(SocketDirectory.resolve(spec.socket()), property);
            if (owner != null) {
                faults.add("%s: %s is the socket of %s too, expected one of its own".formatted(property,
                        spec.socket(), owner));
            }
        }
    }

    /** The property under which a device is configured; a name that is more than one word is quoted there. */
    static String property(String name) {
        return "clocktower.devices." + (WORD.matcher(name).matches() ? name : '"' + name + '"');
    }
}
