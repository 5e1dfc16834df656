package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.LeapSeconds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Devices on one event loop in this process, with a host's clock that the test moves, in a directory of their own. */
public final class Devices implements AutoCloseable {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    private final Path directory;
    private final ManualHostClock clock;
    private final Optional<StateDirectory> state;
    private final DeviceHost host;

    public Devices(String... names) throws Exception {
        this(Files.createTempDirectory("clocktower"), new ManualHostClock(), Optional.empty(), "a boot");
        for (String name : names) {
            create(name, ClockSpec.DEFAULTS, Duration.ZERO);
        }
    }

    private Devices(Path directory, ManualHostClock clock, Optional<Path> kept, String bootId) throws IOException {
        this.directory = directory;
        this.clock = clock;
        host = new DeviceHost(clock, clock, LeapSeconds.builtIn(), new DeviceStore(bootId), 1);
        state = kept.isPresent() ? Optional.of(StateDirectory.open(kept.get())) : Optional.empty();
        state.ifPresent(host::keepIn);
    }

    /**
     * Devices that are kept, as a service has them after its start.
     *
     * @param directory of their sockets, and of their state in {@code state}; it stays
     * @param clock goes on from one start to the next
     * @param bootId of the host's boot
     */
    public static Devices kept(Path directory, ManualHostClock clock, String bootId) throws Exception {
        var devices = new Devices(directory, clock, Optional.of(directory.resolve("state")), bootId);
        for (DeviceSpec spec : devices.host.kept()) {
            devices.host.restore(spec);
        }
        return devices;
    }

    public void create(String name, List<ClockSpec> clocks, Duration pollWindow) throws DeviceException {
        host.configure(spec(name, clocks, pollWindow));
    }

    /** What a device of these devices is made by. */
    public DeviceSpec spec(String name, List<ClockSpec> clocks, Duration pollWindow) {
        return new DeviceSpec(name, socket(name), clocks, Optional.empty(), pollWindow, Map.of());
    }

    public Path socket(String name) {
        return directory.resolve(name + ".sock");
    }

    /** Keeps the event loop busy until the latch is counted down. */
    public CountDownLatch hold() throws InterruptedException {
        var held = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        clock.runOnLoop(() -> {
            held.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        if (!held.await(PATIENCE_NS, TimeUnit.NANOSECONDS)) {
            throw new AssertionError("the loop does not come to it");
        }
        return release;
    }

    public DeviceHost host() {
        return host;
    }

    public ManualHostClock clock() {
        return clock;
    }

    public DeviceStatus status(String name) throws Exception {
        return host.status(name).orElseThrow().get(PATIENCE_NS, TimeUnit.NANOSECONDS);
    }

    /** Waits until a device's status is as it should be: every question to the loop is a turn of it. */
    public DeviceStatus await(String name, Predicate<DeviceStatus> condition) throws Exception {
        long endNs = System.nanoTime() + PATIENCE_NS;
        DeviceStatus status = status(name);
        while (!condition.test(status)) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("still " + status);
            }
            status = status(name);
        }
        return status;
    }

    @Override
    public void close() throws IOException {
        host.close();
        if (state.isPresent()) {
            state.get().close();
        } else {
            Files.delete(directory);
        }
    }
}
