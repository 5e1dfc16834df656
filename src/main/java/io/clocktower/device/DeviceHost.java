package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceException.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The devices of this process. Thread-safe: what it does to a device it does on the device's event loop. */
public final class DeviceHost implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(DeviceHost.class);
    private static final int MAX_NAMES = 20;
    private static final int MAX_DEVICES = 1_000;
    private static final int DEVICES_A_COMMAND = 50;

    private final HostClock host;
    private final HostTimer.Factory timers;
    private final LeapSeconds leapSeconds;
    private final DeviceStore store;
    /** One for each loop, so that devices of a loop that hangs keep no other from being kept. */
    private final Map<EventLoop, StateWriter> writers;
    private final DeviceChanges changes;
    private final List<EventLoop> loops;
    private final Map<String, Place> devices = new ConcurrentSkipListMap<>();
    private final ReentrantLock hosting = new ReentrantLock();
    private final DeviceEvents events;
    private final Semaphore disconnections = new Semaphore(0);
    private volatile boolean isDraining;

    /**
     * @param eventLoops how many threads share the devices, at least 1
     */
    public DeviceHost(SystemHostClock host, LeapSeconds leapSeconds, int eventLoops) {
        this(host, HostTimer::open, leapSeconds, new DeviceStore(BootId.read()), eventLoops);
    }

    DeviceHost(HostClock host, HostTimer.Factory timers, LeapSeconds leapSeconds, DeviceStore store, int eventLoops) {
        this.host = host;
        this.timers = timers;
        this.leapSeconds = leapSeconds;
        this.store = store;
        events = new DeviceEvents(host);
        changes = new DeviceChanges(this, store, host);
        loops = IntStream.range(0, eventLoops).mapToObj(EventLoop::new)
                .toList();
        writers = loops.stream().collect(Collectors.toMap(Function.identity(), _ -> new StateWriter(store)));
    }

    /** Keeps the devices in a directory, before there are any; until then nothing is kept. */
    public void keepIn(StateDirectory directory) {
        store.open(directory);
    }

    /** What happens to the devices. */
    public DeviceEvents events() {
        return events;
    }

    /**
     * Adds a device that the configuration asks for, as it was kept; it then listens.
     *
     * @throws DeviceException if its name is taken or it cannot listen
     */
    public void configure(DeviceSpec spec) throws DeviceException {
        host(store.restore(spec, true, leapSeconds, HostInstant.of(host)));
    }

    /** The devices that were made over REST and kept, and that the configuration has not asked for. */
    public List<DeviceSpec> kept() {
        return store.madeOverRest();
    }

    /**
     * Adds a device as it was kept; it then listens.
     *
     * @throws DeviceException if it cannot be hosted any more; it stays kept
     */
    public void restore(DeviceSpec spec) throws DeviceException {
        host(store.restore(spec, false, leapSeconds, HostInstant.of(host)));
    }

    /**
     * Adds a device and keeps it; it then listens.
     *
     * @return its status, once it is on disk
     * @throws DeviceException if its name or socket is taken, it cannot listen, or it cannot be kept
     */
    public DeviceStatus create(DeviceSpec spec) throws DeviceException {
        Place place = host(DeviceRecord.anew(spec, false, leapSeconds, HostInstant.of(host)));
        try {
            DeviceStatus made = place.exclusively(() -> {
                record Made(DeviceRecord record, DeviceStatus status) {}
                // Nothing is asked once it is kept: no answer would leave open whether it was made.
                Made asked = place.ask(() -> new Made(place.device().record(), place.device().status()));
                store.keep(asked.record());
                return asked.status();
            });
            events.publish(DeviceEvent.of(host, DeviceEvent.Type.DEVICE_CREATED, spec,
                    "made, and listens at " + spec.socket()));
            return made;
        } catch (DeviceException e) {
            unmake(place, e);
            throw e;
        }
    }

    /** What is said not to have been made must not come back when the service starts anew. */
    private void unmake(Place place, DeviceException why) {
        try {
            store.forget(place.name());
        } catch (DeviceException e) {
            why.addSuppressed(e);
            LOG.error(e.getMessage());
        }
        devices.remove(place.name(), place);
        place.loop().submit(() -> {
            place.device().close();
            place.onRemoved();
            return null;
        });
    }

    /** Hosts one device at a time: names and sockets are had by one. */
    private Place host(DeviceRecord record) throws DeviceException {
        try {
            if (!hosting.tryLock(Place.DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw DeviceException.noAnswer("device " + record.spec().name()
                        + ": another one is still being made; this one was not made");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.noAnswer("the service is stopping; nothing was changed");
        }
        try {
            return hostAlone(record);
        } finally {
            hosting.unlock();
        }
    }

    private Place hostAlone(DeviceRecord record) throws DeviceException {
        DeviceSpec spec = record.spec();
        if (devices.containsKey(spec.name())) {
            throw DeviceException.conflict("device " + spec.name() + " exists");
        }
        if (devices.size() >= MAX_DEVICES) {
            throw DeviceException.conflict("there are %d devices, expected at most %d".formatted(devices.size(),
                    MAX_DEVICES));
        }
        prepareDirectory(spec.socket().getParent());
        EventLoop loop = loops.get(devices.size() % loops.size());
        ListeningSocket socket = ListeningSocket.bind(spec.socket());
        var observer = new Observer(spec.name());
        CompletableFuture<HostedDevice> making = loop.submit(() -> {
            var made = new HostedDevice(record, host, timers, loop.reactor(), socket, observer);
            made.listen();
            return made;
        });
        try {
            HostedDevice device = Place.await(making,
                    DeviceException.noAnswer("device " + spec.name() + ": its event loop did not answer within "
                            + Place.DEADLINE.toSeconds() + " s; it was not made"));
            Place place = new Place(device, loop);
            devices.put(spec.name(), place);
            return place;
        } catch (DeviceException e) {
            // The loop may yet make it, of this socket.
            making.whenComplete((made, _) -> {
                if (made == null) {
                    socket.close();
                } else {
                    loop.submit(() -> {
                        made.close();
                        return null;
                    });
                }
            });
            if (e.reason() == Reason.NO_ANSWER) {
                throw e;
            }
            throw DeviceException.failed("device " + spec.name() + " cannot be hosted: " + e.getMessage(), e);
        }
    }

    private static void prepareDirectory(Path directory) throws DeviceException {
        try {
            PrivateDirectory.prepare(directory);
        } catch (IOException e) {
            throw DeviceException.impossible("socket", e.getMessage());
        }
    }

    /**
     * Removes a device, and what is kept of it. One of the configuration comes back when the service starts anew.
     *
     * @param isForced also if a front-end is connected, which then loses the device
     * @throws DeviceException if there is none, or a front-end is connected
     */
    public void remove(String name, Predicate<DeviceVersion> expected, boolean isForced) throws DeviceException {
        Place place = place(name);
        place.exclusively(() -> {
            DeviceRecord record = place.ask(() -> {
                checkRemovable(place.device(), expected, isForced);
                return place.device().record();
            });
            store.forget(name);
            try {
                return place.order(() -> {
                    close(place, expected, isForced);
                    return null;
                }, "the device is removed as soon as the loop goes on");
            } catch (DeviceException e) {
                if (e.reason() != Reason.NOT_KNOWN) {
                    // A front-end connected meanwhile, for example.
                    store.keep(record);
                }
                throw e;
            }
        });
        events.publish(DeviceEvent.of(host, DeviceEvent.Type.DEVICE_REMOVED, place.device().spec(), "removed"));
    }

    /** On the loop's thread, which may come to it after nobody waits for it any more. */
    private void close(Place place, Predicate<DeviceVersion> expected, boolean isForced) throws DeviceException {
        try {
            checkRemovable(place.device(), expected, isForced);
        } catch (DeviceException e) {
            onChanged(place);
            throw e;
        }
        place.device().close();
        place.onRemoved();
        devices.remove(place.name(), place);
    }

    private void onChanged(Place place) {
        writers.get(place.loop()).onChanged(place);
    }

    private static void checkRemovable(HostedDevice device, Predicate<DeviceVersion> expected, boolean isForced)
            throws DeviceException {
        device.requireVersion(expected);
        if (!isForced && device.isConnected()) {
            throw DeviceException
                    .conflict("device %s: a virtual machine is connected and would lose its clock for good;"
                            .formatted(device.spec().name()) + " force=true removes it all the same");
        }
    }

    Place place(String name) throws DeviceException {
        Place place = devices.get(name);
        if (place == null) {
            throw DeviceException.notFound("There is no device " + FieldFault.shown(name) + ".");
        }
        return place;
    }

    /** What can be changed of the devices that there are. */
    public DeviceChanges changes() {
        return changes;
    }

    /** The devices' specifications, by name. */
    public List<DeviceSpec> specs() {
        return devices.values().stream().map(place -> place.device().spec()).toList();
    }

    /** A device's counts, which any thread may read at any time. */
    public Optional<DeviceCounters> counters(String name) {
        return Optional.ofNullable(devices.get(name)).map(place -> place.device().counters());
    }

    /** A device's faults, which any thread may read at any time. */
    public Optional<Faults> faults(String name) {
        return Optional.ofNullable(devices.get(name)).map(place -> place.device().faults());
    }

    /** The host's clocks now. */
    public HostInstant now() {
        return HostInstant.of(host);
    }

    /** What a device's clocks show, all at one time; nothing if there is no such device. No loop is asked. */
    public List<ClockReading> readings(String name) {
        Place place = devices.get(name);
        if (place == null) {
            return List.of();
        }
        HostInstant now = HostInstant.of(host);
        Faults faults = place.device().faults();
        return IntStream.range(0, place.device().spec().clocks().size())
                .mapToObj(id -> ClockReading.of(id, faults.clock(id), now)).toList();
    }

    /** How many faults are active on a device. No loop is asked. */
    public int activeFaults(String name) {
        return faults(name).map(faults -> (int) faults.list().stream().filter(Fault::isActive).count()).orElse(0);
    }

    /** How many commands wait for each event loop: a loop that does its work leaves none waiting. */
    public List<Integer> waitingCommands() {
        return loops.stream().map(EventLoop::waitingCommands).toList();
    }

    /** The time of the host. No loop is asked. */
    public HostStatus hostStatus() {
        return HostStatus.of(host, leapSeconds);
    }

    /**
     * Asks a device how it is.
     *
     * @return its status, or nothing if there is no such device
     */
    public Optional<CompletableFuture<DeviceStatus>> status(String name) {
        return Optional.ofNullable(devices.get(name)).map(DeviceHost::statusOf);
    }

    /**
     * Asks some devices how they are. Many of them are asked by few commands, of which a loop takes only so many.
     *
     * @return their statuses, in the order of their names
     */
    public CompletableFuture<List<DeviceStatus>> statuses(Predicate<DeviceSpec> isAsked) {
        Map<EventLoop, List<HostedDevice>> byLoop = devices.values().stream()
                .filter(place -> isAsked.test(place.device().spec())).collect(Collectors.groupingBy(Place::loop,
                        Collectors.mapping(Place::device, Collectors.toList())));
        CompletableFuture<List<DeviceStatus>> all = CompletableFuture.completedFuture(List.of());
        for (Map.Entry<EventLoop, List<HostedDevice>> asked : byLoop.entrySet()) {
            List<HostedDevice> ofLoop = asked.getValue();
            for (int i = 0; i < ofLoop.size(); i += DEVICES_A_COMMAND) {
                List<HostedDevice> some = ofLoop.subList(i, Math.min(i + DEVICES_A_COMMAND, ofLoop.size()));
                all = all.thenCombine(asked.getKey().submit(() -> some.stream().map(HostedDevice::status).toList()),
                        DeviceHost::joined);
            }
        }
        return all.thenApply(statuses -> statuses.stream().sorted(Comparator.comparing(DeviceStatus::name)).toList());
    }

    private static List<DeviceStatus> joined(List<DeviceStatus> some, List<DeviceStatus> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    private static CompletableFuture<DeviceStatus> statusOf(Place place) {
        return place.loop().submit(place.device()::status);
    }

    /** Asks every event loop for a sign of life. */
    public List<CompletableFuture<Boolean>> pulses() {
        return loops.stream().map(loop -> loop.submit(() -> true)).toList();
    }

    /** Hands on what a device tells. */
    private final class Observer implements DeviceObserver {

        private final String name;

        private Observer(String name) {
            this.name = name;
        }

        @Override
        public void onDisconnected() {
            disconnections.release();
        }

        @Override
        public void onChanged() {
            Place place = devices.get(name);
            if (place != null) {
                DeviceHost.this.onChanged(place);
            }
        }

        @Override
        public void onEvent(DeviceEvent event) {
            events.publish(event);
        }

        @Override
        public boolean isHeard() {
            return events.isHeard();
        }

        @Override
        public void onUnheard() {
            events.publishUnheard();
        }
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
        List<String> connected = connectedAfter(place -> {
            place.device().retire();
            return place.device().isConnected();
        });
        if (connected.isEmpty()) {
            return;
        }
        LOG.infof(
                "stopping: %s still serve until their virtual machines disconnect, at most %d s; no other is accepted",
                names(connected), grace.toSeconds());
        try {
            while (!connected.isEmpty() && disconnections.tryAcquire(endNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                connected = connectedAfter(place -> place.device().isConnected());
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
    private List<String> connectedAfter(Predicate<Place> act) {
        List<CompletableFuture<Optional<String>>> results = devices.values().stream().map(place -> place.loop()
                .submit(() -> act.test(place) ? Optional.of(place.device().spec().name()) : Optional.<String>empty()))
                .toList();
        return results.stream().map(DeviceHost::answer).flatMap(Optional::stream).toList();
    }

    private static Optional<String> answer(CompletableFuture<Optional<String>> answer) {
        try {
            return Place.await(answer, DeviceException.noAnswer("an event loop does not answer"));
        } catch (DeviceException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private static String names(List<String> devices) {
        int more = devices.size() - MAX_NAMES;
        return more <= 0
                ? String.join(", ", devices)
                : String.join(", ", devices.subList(0, MAX_NAMES)) + " and " + more + " more";
    }

    /** Closes all devices, keeps what they have come to, and ends their loops. */
    @Override
    public void close() {
        writers.values().forEach(StateWriter::close);
        devices.values().forEach(place -> place.loop().submit(() -> {
            place.device().close();
            return null;
        }));
        loops.forEach(EventLoop::close);
        devices.clear();
    }
}
