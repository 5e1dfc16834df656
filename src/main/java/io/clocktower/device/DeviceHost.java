package io.clocktower.device;

import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.LeapSeconds;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/** The devices of this process. Thread-safe: what it does to a device it does on the device's event loop. */
public final class DeviceHost implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(DeviceHost.class);
    private static final Duration COMMAND_DEADLINE = Duration.ofSeconds(5);
    private static final int MAX_NAMES = 20;

    private record Placed(HostedDevice device, EventLoop loop) {}

    private final HostClock host;
    private final HostTimer.Factory timers;
    private final LeapSeconds leapSeconds;
    private final List<EventLoop> loops;
    private final Map<String, Placed> devices = new ConcurrentSkipListMap<>();
    private final Semaphore disconnections = new Semaphore(0);
    private volatile boolean isDraining;

    /**
     * @param eventLoops how many threads share the devices, at least 1
     */
    public DeviceHost(SystemHostClock host, LeapSeconds leapSeconds, int eventLoops) {
        this(host, HostTimer::open, leapSeconds, eventLoops);
    }

    DeviceHost(HostClock host, HostTimer.Factory timers, LeapSeconds leapSeconds, int eventLoops) {
        this.host = host;
        this.timers = timers;
        this.leapSeconds = leapSeconds;
        loops = IntStream.range(0, eventLoops).mapToObj(i -> new EventLoop("event-loop-" + i))
                .toList();
    }

    /**
     * Adds a device, which then listens.
     *
     * @throws DeviceException if its name is taken or it cannot listen
     */
    public synchronized void create(DeviceSpec spec) throws DeviceException {
        if (devices.containsKey(spec.name())) {
            throw new DeviceException("device " + spec.name() + " exists");
        }
        EventLoop loop = loops.get(devices.size() % loops.size());
        ListeningSocket socket = ListeningSocket.bind(spec.socket());
        try {
            HostedDevice device = await(loop.submit(() -> {
                var made = new HostedDevice(spec, host, timers, leapSeconds, loop.reactor(), socket,
                        disconnections::release);
                made.listen();
                return made;
            }));
            devices.put(spec.name(), new Placed(device, loop));
        } catch (IllegalStateException e) {
            socket.close();
            throw new DeviceException("device " + spec.name() + " cannot be hosted: " + e.getMessage());
        }
    }

    /** The devices' specifications, by name. */
    public List<DeviceSpec> specs() {
        return devices.values().stream().map(placed -> placed.device().spec()).toList();
    }

    /** A device's counts, which any thread may read at any time. */
    public Optional<DeviceCounters> counters(String name) {
        return Optional.ofNullable(devices.get(name)).map(placed -> placed.device().counters());
    }

    /**
     * Asks a device how it is.
     *
     * @return its status, or nothing if there is no such device
     */
    public Optional<CompletableFuture<DeviceStatus>> status(String name) {
        return Optional.ofNullable(devices.get(name)).map(this::statusOf);
    }

    /**
     * Gives a device the way in which its guest's cycle counter follows the host's, or nothing, for KVM to be asked. The
     * driver that the guest sets up next is told.
     *
     * @return the device's status afterwards, or nothing if there is no such device
     */
    public Optional<CompletableFuture<DeviceStatus>> giveCounter(String name, Optional<CounterMapping> mapping) {
        return Optional.ofNullable(devices.get(name)).map(placed -> placed.loop().submit(() -> {
            placed.device().giveCounter(mapping);
            return placed.device().status();
        }));
    }

    /** Asks all devices how they are, in the order of their names. */
    public List<CompletableFuture<DeviceStatus>> statuses() {
        return devices.values().stream().map(this::statusOf).toList();
    }

    private CompletableFuture<DeviceStatus> statusOf(Placed placed) {
        return placed.loop().submit(placed.device()::status);
    }

    /** Asks every event loop for a sign of life. */
    public List<CompletableFuture<Boolean>> pulses() {
        return loops.stream().map(loop -> loop.submit(() -> true)).toList();
    }

    /** Whether {@link #drain} has begun. */
    public boolean isDraining() {
        return isDraining;
    }

    /**
     * Accepts no front-end any more and serves those that are connected until they leave, or until the time is up.
     */
    public void drain(Duration grace) {
        isDraining = true;
        long endNs = System.nanoTime() + grace.toNanos();
        List<String> connected = connectedAfter(placed -> {
            placed.device().retire();
            return placed.device().isConnected();
        });
        if (connected.isEmpty()) {
            return;
        }
        LOG.infof(
                "stopping: %s still serve until their virtual machines disconnect, at most %d s; no other is accepted",
                names(connected), grace.toSeconds());
        try {
            while (!connected.isEmpty() && disconnections.tryAcquire(endNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                connected = connectedAfter(placed -> placed.device().isConnected());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!connected.isEmpty()) {
            LOG.warnf("stopping: %s still connected after %d s, and their virtual machines lose their clocks now",
                    names(connected), grace.toSeconds());
        }
    }

    /** Does something to each device, all loops at once, and names those that are connected then. */
    private List<String> connectedAfter(Predicate<Placed> act) {
        List<CompletableFuture<Optional<String>>> results = devices.values().stream().map(placed -> placed.loop()
                .submit(() -> act.test(placed) ? Optional.of(placed.device().spec().name()) : Optional.<String>empty()))
                .toList();
        return results.stream().map(DeviceHost::await).flatMap(Optional::stream).toList();
    }

    private static String names(List<String> devices) {
        int more = devices.size() - MAX_NAMES;
        return more <= 0
                ? String.join(", ", devices)
                : String.join(", ", devices.subList(0, MAX_NAMES)) + " and " + more + " more";
    }

    /** Closes all devices and ends their loops. */
    @Override
    public void close() {
        devices.values().forEach(placed -> placed.loop().submit(() -> {
            placed.device().close();
            return null;
        }));
        loops.forEach(EventLoop::close);
        devices.clear();
    }

    private static <T> T await(CompletableFuture<T> result) {
        try {
            return result.get(COMMAND_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("event loop does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
