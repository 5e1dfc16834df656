package io.clocktower.device;

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
import org.jboss.logging.Logger;

/** The devices of this process. Thread-safe: what it does to a device it does on the device's event loop. */
public final class DeviceHost implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(DeviceHost.class);
    private static final Duration COMMAND_DEADLINE = Duration.ofSeconds(5);

    private record Placed(HostedDevice device, EventLoop loop) {}

    private final HostClock host;
    private final HostTimer.Factory timers;
    private final LeapSeconds leapSeconds;
    private final List<EventLoop> loops;
    private final Map<String, Placed> devices = new ConcurrentSkipListMap<>();
    private final Semaphore disconnections = new Semaphore(0);

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
        loops = java.util.stream.IntStream.range(0, eventLoops).mapToObj(i -> new EventLoop("event-loop-" + i))
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
        HostedDevice device = await(loop.submit(() -> {
            var made = new HostedDevice(spec, host, timers, leapSeconds, loop.reactor(), socket,
                    disconnections::release);
            made.listen();
            return made;
        }));
        devices.put(spec.name(), new Placed(device, loop));
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

    /** Asks all devices how they are, in the order of their names. */
    public List<CompletableFuture<DeviceStatus>> statuses() {
        return devices.values().stream().map(this::statusOf).toList();
    }

    private CompletableFuture<DeviceStatus> statusOf(Placed placed) {
        return placed.loop().submit(placed.device()::status);
    }

    /**
     * Accepts no front-end any more and serves those that are connected until they leave, or until the time is up.
     */
    public void drain(Duration grace) {
        devices.values().forEach(placed -> await(placed.loop().submit(() -> {
            placed.device().retire();
            return null;
        })));
        long endNs = System.nanoTime() + grace.toNanos();
        long connected = connected();
        if (connected > 0) {
            LOG.infof("%d devices serve on until their virtual machines disconnect, %d s at the most", connected,
                    grace.toSeconds());
        }
        try {
            while (connected > 0
                    && disconnections.tryAcquire(endNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                connected = connected();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (connected > 0) {
            LOG.warnf("%d devices are still connected after %d s: their virtual machines lose their clocks", connected,
                    grace.toSeconds());
        }
    }

    private long connected() {
        return devices.values().stream()
                .filter(placed -> await(placed.loop().submit(placed.device()::isConnected))).count();
    }

    /** Closes all devices and ends their loops. */
    @Override
    public void close() {
        devices.values().forEach(placed -> placed.loop().submit(() -> {
            placed.device().close();
            return null;
        }));
        loops.forEach(EventLoop::close);
    }

    private static <T> T await(CompletableFuture<T> result) {
        try {
            return result.get(COMMAND_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("event loop does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
