package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.event.DeviceEvents;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Faults;
import io.clocktower.host.HostStatus;
import io.clocktower.host.HostTimer;
import io.clocktower.host.SystemHostClock;
import io.clocktower.hosted.ConnectionStore;
import io.clocktower.linux.Quietly;
import io.clocktower.loop.CommandWaits;
import io.clocktower.loop.EventLoop;
import io.clocktower.loop.LoopWatch;
import io.clocktower.loop.PollingSwitch;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.Texts;
import io.clocktower.state.BootId;
import io.clocktower.state.DeviceStore;
import io.clocktower.state.StateFiles;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.HostLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/** The devices of this process. Thread-safe: what it does to a device it does on the device's event loop. */
public final class DeviceHost implements AutoCloseable {

    private final HostClock host;
    private final LeapSeconds leapSeconds;
    private final DeviceStore store;
    /** One for each loop: a loop that hangs keeps no other's devices from being kept. */
    private final Map<EventLoop, StateWriter> writers;
    private final DeviceChanges changes;
    private final List<EventLoop> loops;
    private final Map<String, DeviceProxy> devices = new ConcurrentSkipListMap<>();
    private final Placement placement;
    private final Inventory inventory;
    private final Drain drain = new Drain(devices.values());
    private final PollingSwitch polling;
    private final LoopWatch watch;
    private final SocketWatch sockets;
    private final DeviceEvents events;
    private volatile Optional<String> absence = Optional.empty();
    private final HostClockWatch clockWatch;

    /**
     * @param eventLoops how many threads share the devices, at least 1
     * @param allowsFiles whether guest memory may be a file that is not in memory
     */
    public DeviceHost(SystemHostClock host, LeapSeconds leapSeconds, int eventLoops, boolean allowsFiles) {
        this(host, HostTimer::open, leapSeconds, new DeviceStore(BootId.read()), eventLoops,
                HostLimits.ofKernel(allowsFiles));
    }

    DeviceHost(HostClock host, HostTimer.Factory timers, LeapSeconds leapSeconds, DeviceStore store, int eventLoops,
            HostLimits limits) {
        this.host = host;
        this.leapSeconds = leapSeconds;
        this.store = store;
        events = new DeviceEvents(host);
        changes = new DeviceChanges(this, store, host);
        loops = IntStream.range(0, eventLoops).mapToObj(EventLoop::new).toList();
        polling = PollingSwitch.of(loops);
        watch = new LoopWatch(loops);
        clockWatch = new HostClockWatch(host, events);
        sockets = new SocketWatch(devices.values(), this::look);
        placement = new Placement(host, timers, loops, devices, limits,
                (name, loop) -> new LoopReports(events, loop, drain::onDisconnected, () -> onChanged(name)));
        inventory = new Inventory(devices, placement, store, host, leapSeconds, events, this::onChanged);
        writers = loops.stream().collect(Collectors.toMap(Function.identity(), _ -> new StateWriter(store)));
    }

    /** Keeps the devices in these files, before there are any; until then nothing is kept. */
    public void keepIn(StateFiles files) {
        store.open(files);
    }

    /** Keeps the connections of devices that are made from now on. */
    public void keepIn(ConnectionStore connections) {
        placement.keepIn(connections);
    }

    /** Keeps all devices as they are now, soon. */
    public void keepAll() {
        devices.values().forEach(this::onChanged);
    }

    /** Why the devices are not here: they are on their way from a predecessor, or gone to a successor. */
    public Optional<String> absence() {
        return absence;
    }

    public void setAbsence(Optional<String> reason) {
        absence = reason;
    }

    private void look() {
        polling.look();
        clockWatch.look();
    }

    /** Says from now on when the host's wall clock is stepped. */
    public void watchHostClock() {
        clockWatch.begin();
    }

    /** The steps of the host's wall clock. */
    public HostClockWatch clockWatch() {
        return clockWatch;
    }

    /** The turns of each event loop that took too long. No loop is asked. */
    public List<LoopWatch.Late> lateTurns() {
        return watch.late();
    }

    /** How long commands have waited for each event loop since the start. No loop is asked. */
    public List<CommandWaits> commandWaits() {
        return loops.stream().map(EventLoop::commandWaits).toList();
    }

    /** What happens to the devices. */
    public DeviceEvents events() {
        return events;
    }

    /**
     * Adds a device that the configuration asks for, as it was kept; it then listens.
     *
     * @param passed its socket if that exists; becomes the device's
     * @throws DeviceException if its name is taken or it cannot listen
     */
    public void configure(DeviceSpec spec, Optional<DeviceSocket> passed) throws DeviceException {
        inventory.restore(spec, true, passed);
    }

    /** The devices that were made over REST and kept, and that the configuration has not asked for. */
    public List<DeviceSpec> kept() {
        return store.createdOverRest();
    }

    /**
     * Adds a device as it was kept; it then listens.
     *
     * @throws DeviceException if it cannot be hosted any more; it stays kept
     */
    public void restore(DeviceSpec spec) throws DeviceException {
        inventory.restore(spec, false, Optional.empty());
    }

    /**
     * Adds a device and keeps it; it then listens.
     *
     * @return its status, once it is on disk
     * @throws DeviceException if its name or socket is taken, it cannot listen, or it cannot be kept
     */
    public DeviceStatus create(DeviceSpec spec) throws DeviceException {
        return create(spec, Optional.empty());
    }

    /** The same, made by somebody whom the event names. */
    public DeviceStatus create(DeviceSpec spec, Optional<String> actor) throws DeviceException {
        return inventory.create(spec, actor);
    }

    /**
     * Removes a device, and what is kept of it. One of the configuration is back when the service restarts.
     *
     * @param isForced also if a front-end is connected, which then loses the device
     * @throws DeviceException if there is no such device, or a front-end is connected
     */
    public void remove(String name, Predicate<DeviceVersion> expected, boolean isForced) throws DeviceException {
        remove(name, expected, isForced, Optional.empty());
    }

    /** The same, made by somebody whom the event names. */
    public void remove(String name, Predicate<DeviceVersion> expected, boolean isForced, Optional<String> actor)
            throws DeviceException {
        inventory.remove(device(name), expected, isForced, actor);
    }

    private void onChanged(String name) {
        Optional.ofNullable(devices.get(name)).ifPresent(this::onChanged);
    }

    /** A device differs from what is kept of it, or may do so. */
    void onChanged(DeviceProxy proxy) {
        writers.get(proxy.loop()).onChanged(proxy);
    }

    DeviceProxy device(String name) throws DeviceException {
        DeviceProxy proxy = devices.get(name);
        if (proxy == null) {
            throw DeviceException.notFound("There is no device " + Texts.shown(name) + ".");
        }
        return proxy;
    }

    /** What can be changed of the devices that there are. */
    public DeviceChanges changes() {
        return changes;
    }

    /** Hands the devices over to a successor, or takes those of a predecessor. */
    public DeviceTransfer transfer() {
        return new DeviceTransfer(devices.values(), loops, placement);
    }

    /** The devices' specifications, by name. */
    public List<DeviceSpec> specs() {
        return devices.values().stream().map(proxy -> proxy.device().spec()).toList();
    }

    /** A device's specification. No loop is asked. */
    public DeviceSpec spec(String name) throws DeviceException {
        return device(name).device().spec();
    }

    /** A device's counts, which any thread may read at any time. */
    public Optional<DeviceCounters> counters(String name) {
        return Optional.ofNullable(devices.get(name)).map(proxy -> proxy.device().counters());
    }

    /** A device's faults, which any thread may read at any time. */
    public Optional<Faults> faults(String name) {
        return Optional.ofNullable(devices.get(name)).map(proxy -> proxy.device().faults());
    }

    /** The host's clocks now. */
    public HostInstant now() {
        return HostInstant.of(host);
    }

    /** What a device's clocks show, all at one time; nothing if there is no such device. No loop is asked. */
    public List<ClockReading> readings(String name) {
        DeviceProxy proxy = devices.get(name);
        return proxy == null ? List.of() : proxy.readings(HostInstant.of(host));
    }

    /** The devices whose last write to disk failed, with the reason, by name. */
    public Map<String, String> unkept() {
        return store.failing();
    }

    /** How many writes of devices' state failed since the service started. */
    public long failedWrites() {
        return store.failedWrites();
    }

    /** Where plans are kept beside the devices; empty if nothing is kept, or not yet. */
    public Optional<StateFiles> planFiles() {
        return store.plans();
    }

    /** The boot of the host, from which CLOCK_BOOTTIME counts. */
    public BootId boot() {
        return store.boot();
    }

    /** A number that no earlier run of the service had from this sequence. */
    public long nextNumber(String sequence) throws IOException {
        return store.next(sequence);
    }

    /** How many commands wait for each event loop: a loop that does its work leaves none waiting. */
    public List<Integer> waitingCommands() {
        return loops.stream().map(EventLoop::waitingCommands).toList();
    }

    /** Why no loop polls its devices' rings, if none does. No loop is asked. */
    public Optional<String> pollingOff() {
        return polling.reason();
    }

    /** The time of the host. No loop is asked. */
    public HostStatus hostStatus() {
        return HostStatus.of(host, leapSeconds);
    }

    /**
     * Asks a device for its status.
     *
     * @throws DeviceException if there is no such device, or its event loop does not answer in time
     */
    public DeviceStatus status(String name) throws DeviceException {
        DeviceProxy proxy = device(name);
        return proxy.ask(proxy.device()::moment).status();
    }

    /** Asks some devices for their statuses. */
    public StatusPages statuses(Predicate<DeviceSpec> isAsked) {
        return new StatusPages(
                devices.values().stream().filter(proxy -> isAsked.test(proxy.device().spec())).toList());
    }

    /** How long each event loop has been busy with one turn, and so with nothing else. No loop is asked. */
    public List<Duration> loopsBusyFor() {
        return loops.stream().map(EventLoop::busyFor).toList();
    }

    /** Why devices cannot accept front-ends, by their names; those that can are not in it. No loop is asked. */
    public Map<String, String> failures() {
        Map<String, String> failures = new TreeMap<>();
        devices.forEach((name, proxy) -> proxy.device().failure().ifPresent(reason -> failures.put(name, reason)));
        return failures;
    }

    /** Whether {@link #drain} has begun. */
    public boolean isDraining() {
        return drain.hasBegun();
    }

    /** Accepts no more front-ends, and serves those that are connected until they leave or the time is up. */
    public void drain(Duration grace) {
        drain.run(grace);
    }

    /** Closes all devices, keeps what they have come to, and ends their loops. */
    @Override
    public void close() {
        sockets.close();
        watch.close();
        writers.forEach((loop, writer) -> writer
                .close(devices.values().stream().filter(proxy -> proxy.loop() == loop).toList()));
        devices.values().forEach(proxy -> Quietly.close(() -> proxy.loop().execute(proxy::close)));
        loops.forEach(EventLoop::close);
        devices.clear();
    }
}
