package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.BootId;
import io.clocktower.state.DeviceStore;
import io.clocktower.state.HookedFiles;
import io.clocktower.state.StateDirectory;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.HostLimits;
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

    /** Of devices whose tests do not depend on it, which run with the usual window and without one: see the pom. */
    public static final Duration POLL_WINDOW = Boolean.getBoolean("polling.off")
            ? Duration.ZERO
            : DeviceSpec.POLL_WINDOW;

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    private final Path directory;
    private final ManualHostClock clock;
    private final Optional<StateDirectory> state;
    private final Optional<HookedFiles> disk;
    private final DeviceHost host;

    public Devices(String... names) throws Exception {
        this(HostLimits.ofKernel(false), names);
    }

    /** Devices of a process with these limits. */
    Devices(HostLimits limits, String... names) throws Exception {
        this(Files.createTempDirectory("clocktower"), new ManualHostClock(), Optional.empty(), "a boot", limits);
        for (String name : names) {
            create(name, ClockSpec.DEFAULTS, POLL_WINDOW);
        }
    }

    private Devices(Path directory, ManualHostClock clock, Optional<Path> kept, String bootId,
            HostLimits limits) throws IOException {
        this.directory = directory;
        this.clock = clock;
        host = new DeviceHost(clock, clock, LeapSeconds.builtIn(), new DeviceStore(BootId.of(bootId)), 1,
                limits);
        state = kept.isPresent() ? Optional.of(StateDirectory.open(kept.get())) : Optional.empty();
        disk = state.map(HookedFiles::new);
        disk.ifPresent(host::keepIn);
    }

    /**
     * Devices that are kept, as a service has them after its start.
     *
     * @param directory of their sockets, and of their state in {@code state}; it stays
     * @param clock goes on from one start to the next
     * @param bootId of the host's boot
     */
    public static Devices kept(Path directory, ManualHostClock clock, String bootId) throws Exception {
        var devices = new Devices(directory, clock, Optional.of(directory.resolve("state")), bootId,
                HostLimits.ofKernel(false));
        for (DeviceSpec spec : devices.host.kept()) {
            devices.host.restore(spec);
        }
        return devices;
    }

    /** What takes over these devices: with the same host, sockets and clock, and no device yet. */
    public Devices successor(HostLimits limits) throws IOException {
        return new Devices(directory, clock, Optional.empty(), "a boot", limits);
    }

    public void create(String name, List<ClockSpec> clocks, Duration pollWindow) throws DeviceException {
        create(spec(name, clocks, pollWindow));
    }

    public void create(DeviceSpec spec) throws DeviceException {
        host.configure(spec, Optional.empty());
    }

    /** What a device of these devices is made by. */
    public DeviceSpec spec(String name, List<ClockSpec> clocks, Duration pollWindow) {
        return new DeviceSpec(name, socket(name), clocks, Optional.empty(), pollWindow, Map.of());
    }

    public Path socket(String name) {
        return directory.resolve(name + ".sock");
    }

    /** Keeps the event loop busy until the latch is counted down. */
    public CountDownLatch hold() {
        var held = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        clock.runOnLoop(() -> {
            held.countDown();
            await(release);
        });
        await(held);
        return release;
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(PATIENCE_NS, TimeUnit.NANOSECONDS)) {
                throw new AssertionError("the latch is not counted down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where devices that are kept are written to. */
    public HookedFiles disk() {
        return disk.orElseThrow();
    }

    /** Waits until a command waits for a loop that is kept busy. */
    public void awaitCommand() {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (host.waitingCommands().getFirst() == 0) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("no command waits");
            }
            Thread.onSpinWait();
        }
    }

    public DeviceHost host() {
        return host;
    }

    public ManualHostClock clock() {
        return clock;
    }

    public DeviceStatus status(String name) throws Exception {
        return host.status(name);
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
