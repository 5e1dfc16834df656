package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequests;
import io.clocktower.host.SystemHostClock;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.StateDirectory;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A process that hosts devices and changes them without a pause, to be killed: threads inject, replace and revert faults,
 * and make and remove devices, each its own ones. It tells what it is about to make of a device, and when that was
 * answered:
 *
 * <pre>
 * = DEVICE STATE     as it was restored
 * ready
 * &gt; DEVICE STATE     is asked for
 * &lt; DEVICE           was answered
 * </pre>
 */
final class WritingLoad {

    /** The state of a device that there is not. */
    static final String GONE = "gone";
    static final int THREADS = 3;
    private static final int DEVICES_A_THREAD = 2;
    private static final int MOST_FAULTS = 5;

    private final DeviceHost host;
    private final Path directory;
    private final PrintStream out = new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 12), false, StandardCharsets.UTF_8);

    private WritingLoad(Path directory) throws Exception {
        this.directory = directory;
        host = new DeviceHost(new SystemHostClock(LeapSeconds.builtIn()), LeapSeconds.builtIn(), 1, false);
        host.keepIn(StateDirectory.open(directory.resolve("state")));
    }

    public static void main(String... arguments) throws Exception {
        var load = new WritingLoad(Path.of(arguments[0]));
        load.restore();
        for (int thread = 0; thread < THREADS; thread++) {
            int number = thread;
            Thread.ofPlatform().start(() -> load.change(number));
        }
    }

    private void restore() throws DeviceException {
        for (DeviceSpec spec : host.kept()) {
            host.restore(spec);
            say("= " + spec.name() + " " + state(offsets(spec.name())));
        }
        say("ready");
    }

    private synchronized void say(String line) {
        out.print(line + "\n");
        out.flush();
    }

    /** The state of a device that has these faults, by their ids, each of them a step. */
    static String state(Map<String, Long> offsets) {
        return new TreeMap<>(offsets).toString().replace(" ", "");
    }

    static Map<String, Long> offsets(List<Fault> faults) {
        Map<String, Long> offsets = new TreeMap<>();
        faults.forEach(fault -> offsets.put(fault.id(), ((Effect.Step) fault.effect()).offsetNs()));
        return offsets;
    }

    private Map<String, Long> offsets(String name) {
        return host.faults(name).map(faults -> offsets(faults.list())).orElse(null);
    }

    private interface Change {
        void make() throws DeviceException;
    }

    private void change(int thread) {
        var random = new Random();
        try {
            while (true) {
                String name = "vm" + thread + "-" + random.nextInt(DEVICES_A_THREAD);
                Map<String, Long> offsets = offsets(name);
                if (offsets == null) {
                    make(name, state(Map.of()), () -> host.create(new DeviceSpec(name,
                            directory.resolve(name + ".sock"), ClockSpec.DEFAULTS, Optional.empty(), Duration.ZERO,
                            Map.of())));
                } else {
                    change(name, offsets, random);
                }
            }
        } catch (Exception e) {
            say("! " + e);
        }
    }

    private void change(String name, Map<String, Long> offsets, Random random) throws DeviceException {
        int kind = random.nextInt(20);
        if (kind == 0) {
            make(name, GONE, () -> host.remove(name, DeviceVersion.ANY, false));
        } else if (kind < 3 || offsets.size() >= MOST_FAULTS) {
            make(name, state(Map.of()), () -> host.changes().revert(name, DeviceVersion.ANY, _ -> true));
        } else {
            String id = kind < 12 ? "offset" : "f" + random.nextInt(1_000_000);
            long offsetNs = random.nextLong(-1_000_000_000_000L, 1_000_000_000_000L);
            offsets.put(id, offsetNs);
            make(name, state(offsets), () -> host.changes().inject(name, DeviceVersion.ANY, Optional.of(id),
                    FaultRequests.of(new Effect.Step(offsetNs))));
        }
    }

    private void make(String name, String state, Change change) throws DeviceException {
        say("> " + name + " " + state);
        change.make();
        say("< " + name);
    }
}
