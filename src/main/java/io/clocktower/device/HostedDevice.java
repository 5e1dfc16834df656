package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.counter.CounterLookup;
import io.clocktower.counter.CounterSource;
import io.clocktower.counter.HostCounter;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceLog;
import io.clocktower.fault.Faults;
import io.clocktower.host.HostTimer;
import io.clocktower.linux.Reactor;
import io.clocktower.loop.EventLoop;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.DeviceRecord;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.FrontEndState;
import io.clocktower.vhostuser.HostLimits;
import io.clocktower.vhostuser.VirtioDevice;
import io.clocktower.vhostuser.VringStatus;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One device with its listening socket and, one after another, its front-ends. Its loop's thread owns it; only
 * {@link #spec}, {@link #counters}, {@link #faults} and {@link #failure} are for others.
 */
final class HostedDevice {

    private final boolean isConfigured;
    private final HostClock host;
    private final DeviceCounters counters;
    private final DeviceClocks clocks;
    private final DeviceTimer timer;
    private final RtcDevice rtc;
    private final DeviceLog log;
    private final FrontEnds frontEnds;
    private final FaultEvents faultEvents;
    private final CounterLookup counter;
    private final DeviceObserver observer;
    private volatile DeviceSpec spec;
    private DeviceVersion version;
    /** How many changes operators have made. */
    private long changes;
    private long keptAlarmChanges;
    private boolean isPaused;
    private Optional<CounterLookup.Known> resumedCounter = Optional.empty();
    /** What it goes on from after its first pause; null for most. */
    private DeviceSnapshot before;
    /** The number of the connection in which a driver has last used the requestq. */
    private long usedConnection;

    /**
     * @param record what it is made of
     * @param socket becomes the device's
     * @param observer is called on the loop's thread
     */
    HostedDevice(DeviceRecord record, HostClock host, HostTimer.Factory timers, EventLoop loop, ListeningSocket socket,
            HostLimits limits, DeviceObserver observer) {
        this(record, null, host, timers, loop, socket, limits, observer);
        rtc.restore(record.alarms());
    }

    /** A device that goes on from another one, and is paused. */
    static HostedDevice resume(DeviceSnapshot before, HostClock host, HostTimer.Factory timers, EventLoop loop,
            ListeningSocket socket, HostLimits limits, DeviceObserver observer) throws DeviceException {
        var device = new HostedDevice(before.record(), before, host, timers, loop, socket, limits, observer);
        boolean isResumed = false;
        try {
            if (before.frontEnd().isPresent()) {
                device.frontEnds.resume(before.frontEnd().get());
            }
            isResumed = true;
            return device;
        } finally {
            if (!isResumed) {
                device.abandon();
            }
        }
    }

    private HostedDevice(DeviceRecord record, DeviceSnapshot before, HostClock host, HostTimer.Factory timers,
            EventLoop loop, ListeningSocket socket, HostLimits limits, DeviceObserver observer) {
        this.before = before;
        isPaused = before != null;
        spec = record.spec();
        isConfigured = record.isConfigured();
        version = record.version();
        this.host = host;
        this.observer = observer;
        Reactor reactor = loop.reactor().failingTo(this::onFailure);
        counters = new DeviceCounters(host, spec.clocks().size());
        if (before == null) {
            clocks = new DeviceClocks(spec, record.faults(), host, counters);
        } else {
            counters.restore(before.counts());
            clocks = new DeviceClocks(spec, record.faults(), host, counters, before.begun());
        }
        timer = new DeviceTimer(timers.open(reactor, host, this::onTime), clocks::nsUntilChange);
        rtc = new RtcDevice(clocks.served(), host, timer, counters,
                new AlarmEvents(counters, this::spec, host, reactor::nowNs, observer));
        log = new DeviceLog(spec.name(), reactor::nowNs, loop.outbox());
        faultEvents = new FaultEvents(this::spec, host, observer);
        frontEnds = new FrontEnds(this::spec, new Virtio(), host, reactor, counters, log, socket,
                limits.ofDevice(reactor::nowNs), observer);
        counter = new CounterLookup(CounterSource::ofKvm, () -> host.boottimeNs() - System.nanoTime(), reactor,
                loop.outbox(), loop::execute,
                found -> rtc.setCounter(found.mapping().map(HostCounter::new).orElse(null)),
                () -> frontEnds.run(RtcDevice.REQUESTQ));
    }

    DeviceSpec spec() {
        return spec;
    }

    DeviceCounters counters() {
        return counters;
    }

    /** For any thread. */
    Faults faults() {
        return clocks.faults();
    }

    boolean isConnected() {
        return frontEnds.isConnected();
    }

    /** Begins to accept front-ends. */
    void listen() {
        frontEnds.listen();
    }

    /** Accepts front-ends at another socket from now on, as the file of the one before is gone. */
    void replace(ListeningSocket socket) {
        frontEnds.replace(socket);
    }

    /** The socket's file is gone, and cannot be replaced. */
    void fail(String reason) {
        frontEnds.fail(reason);
        log.write(DeviceLog.Kind.ACCEPT_FAILED, 0, reason);
    }

    /** Why front-ends cannot be accepted now. Any thread may ask. */
    Optional<String> failure() {
        return frontEnds.failure();
    }

    /** Accepts no more front-ends; one that is connected is still served. */
    void retire() {
        frontEnds.retire();
    }

    /** Ends the device, and its front-end's connection with it. The socket's file stays. */
    void close() {
        try {
            frontEnds.retire();
        } finally {
            try {
                frontEnds.disconnect();
            } finally {
                timer.close();
            }
        }
    }

    /** Does nothing more until {@link #proceed}. */
    DeviceSnapshot pause(DeviceSnapshot.Socket socket) {
        isPaused = true;
        timer.pause();
        Optional<FrontEndState> frontEnd = frontEnds.pause();
        return new DeviceSnapshot(record(), counters.counts(), clocks.begun(), counter.known(), socket, frontEnd);
    }

    /** Goes on after a pause: with what time and the guest did, and with what it goes on from. */
    void proceed() {
        isPaused = false;
        DeviceSnapshot from = before;
        before = null;
        try {
            if (from != null) {
                rtc.restore(from.record().alarms());
                resumedCounter = from.counter();
            }
            frontEnds.proceed();
        } finally {
            resumedCounter = Optional.empty();
            onTime();
        }
    }

    /** Lets go of all that goes on elsewhere. The socket's file stays. */
    void abandon() {
        try {
            frontEnds.abandon();
        } finally {
            timer.close();
        }
    }

    /**
     * A handler of this device failed in a way that it was not made for. The front-end loses its connection, as it may be
     * half of something; the device is ready for the next one.
     */
    private void onFailure(Throwable failure) {
        try {
            frontEnds.disconnect();
        } finally {
            timer.ensureSet();
            log.write(DeviceLog.Kind.UNEXPECTED, 0, "unexpected failure; the front-end is disconnected", failure);
        }
    }

    /** The timer ended: an alarm may be due, and a fault may begin or end. Alarms go on whatever faults do. */
    private void onTime() {
        if (isPaused) {
            return;
        }
        timer.onEnded();
        try {
            applyDueFaults();
        } finally {
            lookAtAlarms();
        }
    }

    private void applyDueFaults() {
        Faults before = clocks.faults();
        boolean hasFailed = true;
        try {
            clocks.apply(before, HostInstant.of(host));
            hasFailed = false;
        } catch (RuntimeException e) {
            log.write(DeviceLog.Kind.UNEXPECTED, 0, "internal error while a scheduled fault began or ended", e);
        } finally {
            timer.onChange(hasFailed);
        }
        if (!clocks.faults().list().equals(before.list())) {
            version = version.next();
            observer.onChanged();
            faultEvents.onChanged(before, clocks.faults(), Optional.empty());
        }
    }

    private void lookAtAlarms() {
        try {
            rtc.onTime();
            notifyDriver();
            keepAlarms();
        } finally {
            timer.ensureSet();
        }
    }

    /** What the guest or time made of the alarms outlives the service, too. */
    private void keepAlarms() {
        if (rtc.alarmChanges() != keptAlarmChanges) {
            keptAlarmChanges = rtc.alarmChanges();
            observer.onChanged();
        }
    }

    /** What makes up the device now. */
    DeviceRecord record() {
        return new DeviceRecord(spec, isConfigured, version, clocks.keptFaults(), rtc.alarms());
    }

    /**
     * @throws DeviceException if the device is of another version than its caller expects
     */
    void requireVersion(Predicate<DeviceVersion> expected) throws DeviceException {
        if (!expected.test(version)) {
            throw hasChanged();
        }
    }

    private DeviceException hasChanged() {
        return DeviceException.changed("device %s has changed since".formatted(spec.name()));
    }

    /**
     * @throws DeviceException if an operator has changed the device since a change was prepared
     */
    void requireNoChangeSince(PreparedChange prepared) throws DeviceException {
        if (changes != prepared.changes()) {
            observer.onChanged();
            throw hasChanged();
        }
    }

    /** What a change would make of the device now. */
    PreparedChange prepare(Predicate<DeviceVersion> expected, DeviceRecord.Change change) throws DeviceException {
        requireVersion(expected);
        DeviceRecord now = record();
        DeviceRecord next = change.of(now, HostInstant.of(host));
        return next == now
                ? new PreparedChange(now, now, Optional.of(status()), changes)
                : new PreparedChange(now, next.with(version.next()), Optional.empty(), changes);
    }

    /**
     * Makes a change of the device as it is now. Its alarms stay as the guest has left them.
     *
     * @param actor who makes it, for events
     */
    DeviceChanges.Changed apply(DeviceRecord.Change change, Optional<String> actor) throws DeviceException {
        // What time has done by now is not the actor's doing.
        applyDueFaults();
        DeviceRecord before = record();
        HostInstant now = HostInstant.of(host);
        DeviceRecord next = change.of(before, now);
        if (next != before) {
            Faults faults = clocks.faults();
            clocks.apply(next.faults(), now);
            spec = next.spec();
            version = version.next();
            changes++;
            faultEvents.onChanged(faults, clocks.faults(), actor);
            lookAtAlarms();
        }
        return new DeviceChanges.Changed(before, status(), Optional.empty());
    }

    /**
     * Sends the notification of an alarm that an operator wants now.
     *
     * @param actor the operator, for events
     * @throws DeviceException if the clock has no alarm or it is not enabled
     */
    void expire(int clockId, Optional<String> actor) throws DeviceException {
        if (clockId < 0 || clockId >= spec.clocks().size() || !spec.clocks().get(clockId).alarm()) {
            throw DeviceException.notFound("device %s: clock %d has no alarm".formatted(spec.name(), clockId));
        }
        if (!rtc.expire(clockId)) {
            throw DeviceException.conflict("device %s: the alarm of clock %d is not enabled".formatted(spec.name(),
                    clockId));
        }
        counters.onForced(clockId);
        observer.onEvent(DeviceEvent.of(host, DeviceEvent.Type.ALARM_FORCED, spec,
                "alarm expired by " + actor.orElse("operator")).ofClock(clockId).by(actor));
        notifyDriver();
        keepAlarms();
    }

    private void notifyDriver() {
        if (rtc.hasNotification()) {
            frontEnds.run(RtcDevice.ALARMQ);
        }
    }

    DeviceStatus status() {
        Optional<BackEndStatus> backEnd = frontEnds.status();
        return new DeviceStatus(spec, isConfigured, version, state(backEnd), frontEnds.failure(),
                backEnd.flatMap(this::obstacle),
                backEnd.map(DeviceStatus.FrontEnd::of), clockStatus(), clocks.faultStatus(HostInstant.of(host)),
                counter.found().mapping(), counterReason(), counters.requests(),
                counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED),
                counters.count(DeviceCounters.Event.CONNECTION_REFUSED),
                counters.count(DeviceCounters.Event.PROTOCOL_ERROR), counters.count(DeviceCounters.Event.RING_ERROR));
    }

    private DeviceState state(Optional<BackEndStatus> backEnd) {
        return backEnd.filter(BackEndStatus::isRunning).isPresent() ? DeviceState.RUNNING : frontEnds.state();
    }

    /** A driver that runs keeps the answer that it had; what was given since is for the next one. */
    private String counterReason() {
        return spec.counter().isEmpty() || counter.found().mapping().equals(spec.counter())
                ? counter.found().reason()
                : "given by the operator, for the guest's driver that starts next";
    }

    private Optional<DeviceStatus.Obstacle> obstacle(BackEndStatus backEnd) {
        VringStatus requestq = backEnd.vrings().get(RtcDevice.REQUESTQ);
        if (requestq.isBroken()) {
            return Optional.of(DeviceStatus.Obstacle.REQUESTQ_BROKEN);
        }
        if (requestq.isStarted() && requestq.isEnabled()) {
            return Optional.empty();
        }
        return Optional.of(usedConnection == counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED)
                ? DeviceStatus.Obstacle.RINGS_STOPPED
                : DeviceStatus.Obstacle.REQUESTQ_NOT_STARTED);
    }

    private List<DeviceStatus.Clock> clockStatus() {
        return clocks.status(HostInstant.of(host), rtc.alarms().stream()
                .collect(Collectors.toMap(AlarmStatus::clockId, DeviceStatus.Alarm::of)));
    }

    /** The RTC device as vhost-user's back-end sees it. */
    private final class Virtio implements VirtioDevice {

        @Override
        public long features() {
            return rtc.features() & ~spec.features().withheld();
        }

        @Override
        public int queueCount() {
            return RtcDevice.QUEUE_COUNT;
        }

        @Override
        public void onFeatures(long features) {
            rtc.onFeatures(features);
            if (features == 0) {
                counter.stop();
            } else if (resumedCounter.isPresent()) {
                counter.resume(resumedCounter.get(), frontEnds.peer().pid());
            } else {
                counter.start(spec.counter(), frontEnds.peer().pid());
            }
        }

        @Override
        public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
            if (queueIndex == RtcDevice.REQUESTQ && !counter.isReady()) {
                return false;
            }
            if (queueIndex == RtcDevice.REQUESTQ) {
                usedConnection = counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED);
            }
            boolean isMoreLeft = rtc.onAvailable(queueIndex, virtqueue);
            if (queueIndex == RtcDevice.REQUESTQ) {
                // An alarm may have been set to a time that has come.
                notifyDriver();
            }
            keepAlarms();
            return isMoreLeft;
        }

        @Override
        public void onReset() {
            rtc.onReset();
            keepAlarms();
        }
    }
}
