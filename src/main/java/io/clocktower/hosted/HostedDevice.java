package io.clocktower.hosted;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.event.DeviceLog;
import io.clocktower.fault.Faults;
import io.clocktower.host.HostTimer;
import io.clocktower.linux.Closing;
import io.clocktower.linux.Reactor;
import io.clocktower.loop.EventLoop;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.DeviceRecord;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.FrontEndState;
import io.clocktower.vhostuser.HostLimits;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * One device with its listening socket and, one after another, its front-ends. Its loop's thread owns it; only
 * {@link #spec}, {@link #counters}, {@link #faults} and {@link #failure} are for others.
 */
public final class HostedDevice {

    private final boolean isConfigured;
    private final HostClock host;
    private final DeviceCounters counters;
    private final DeviceClocks clocks;
    private final DeviceTimer timer;
    private final RtcDevice rtc;
    private final DeviceLog log;
    private final FrontEnds frontEnds;
    private final FaultEvents faultEvents;
    private final DriverSide driver;
    private final DeviceObserver observer;
    private volatile DeviceSpec spec;
    private DeviceVersion version;
    /** How many changes operators have made. */
    private long changes;
    private boolean isPaused;
    /** What it goes on from after its first pause; null for most. */
    private DeviceSnapshot before;

    /**
     * @param record what it is made of
     * @param socket becomes the device's
     * @param observer is called on the loop's thread
     */
    public HostedDevice(DeviceRecord record, HostClock host, HostTimer.Factory timers, EventLoop loop,
            DeviceSocket socket, HostLimits limits, DeviceObserver observer) {
        this(record, null, host, timers, loop, socket, limits, observer);
        rtc.restore(record.alarms());
    }

    /** A device that goes on from another one, and is paused. */
    public static HostedDevice resume(DeviceSnapshot before, HostClock host, HostTimer.Factory timers, EventLoop loop,
            DeviceSocket socket, HostLimits limits, DeviceObserver observer) throws DeviceException {
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
            EventLoop loop, DeviceSocket socket, HostLimits limits, DeviceObserver observer) {
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
        rtc = new RtcDevice(clocks.served(), host, loop.reactor()::readClock, timer, counters,
                new AlarmEvents(counters, this::spec, host, reactor::nowNs, observer));
        log = new DeviceLog(spec.name(), reactor::nowNs, loop.outbox());
        faultEvents = new FaultEvents(this::spec, host, observer);
        driver = new DriverSide(rtc, clocks, this::spec, host, loop, reactor, counters, this::frontEnds, observer);
        frontEnds = new FrontEnds(this::spec, driver, host, reactor, counters, log, socket, loop,
                limits.ofDevice(reactor::nowNs), observer, driver::knownCounter);
    }

    private FrontEnds frontEnds() {
        return frontEnds;
    }

    public DeviceSpec spec() {
        return spec;
    }

    public DeviceCounters counters() {
        return counters;
    }

    /** For any thread. */
    public Faults faults() {
        return clocks.faults();
    }

    public boolean isConnected() {
        return frontEnds.isConnected();
    }

    /** Keeps its connections here; before it listens. */
    public void keepIn(ConnectionStore.Place place) {
        frontEnds.keepIn(place);
    }

    /** Listens, with the front-end of a process that has ended; its descriptors become the device's, or are closed. */
    public void recover(KeptConnection kept) throws DeviceException {
        frontEnds.recover(kept);
        driver.resumeCounter(kept.counter());
        proceed();
    }

    /** Whether a front-end is connected that loses the device when this process ends. */
    public boolean isNeeded() {
        return frontEnds.isNeeded();
    }

    /** Begins to accept front-ends. */
    public void listen() {
        frontEnds.listen();
    }

    /** Accepts front-ends at another socket from now on, as the file of the one before is gone. */
    public void replace(ListeningSocket socket) {
        frontEnds.replace(socket);
    }

    /** The socket's file is gone, and cannot be replaced. */
    public void fail(String reason) {
        frontEnds.fail(reason);
        log.write(DeviceLog.Kind.ACCEPT_FAILED, 0, reason);
    }

    /** Why front-ends cannot be accepted now. Any thread may ask. */
    public Optional<String> failure() {
        return frontEnds.failure();
    }

    /** Accepts no more front-ends; one that is connected is still served. */
    public void retire() {
        frontEnds.retire();
    }

    /** Ends the device, and its front-end's connection with it unless that goes on in the process that follows. The socket's file stays. */
    public void close() {
        Closing.all(frontEnds::retire, frontEnds::end, timer::close);
    }

    /** Does nothing more until {@link #proceed}. */
    public DeviceSnapshot pause(DeviceSnapshot.Socket socket) {
        isPaused = true;
        timer.pause();
        Optional<FrontEndState> frontEnd = frontEnds.pause();
        return new DeviceSnapshot(record(), counters.counts(), clocks.begun(), driver.knownCounter(), socket, frontEnd);
    }

    /** Goes on after a pause: with what time and the guest did, and with what it goes on from. */
    public void proceed() {
        isPaused = false;
        DeviceSnapshot from = before;
        before = null;
        try {
            if (from != null) {
                rtc.restore(from.record().alarms());
                driver.resumeCounter(from.counter());
            }
            frontEnds.proceed();
        } finally {
            driver.resumeCounter(Optional.empty());
            onTime();
        }
    }

    /** Lets go of all that goes on elsewhere. The socket's file stays. */
    public void abandon() {
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
            clocks.applyDue();
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
            driver.notifyOfAlarms();
        } finally {
            timer.ensureSet();
        }
    }

    /** What makes up the device now. */
    public DeviceRecord record() {
        return new DeviceRecord(spec, isConfigured, version, clocks.keptFaults(), rtc.alarms());
    }

    /**
     * @throws DeviceException if the device is of another version than its caller expects
     */
    public void requireVersion(Predicate<DeviceVersion> expected) throws DeviceException {
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
    public void requireNoChangeSince(PreparedChange prepared) throws DeviceException {
        if (changes != prepared.changes()) {
            observer.onChanged();
            throw hasChanged();
        }
    }

    /** What a change would make of the device now. */
    public PreparedChange prepare(Predicate<DeviceVersion> expected, DeviceRecord.Change change)
            throws DeviceException {
        requireVersion(expected);
        DeviceRecord now = record();
        DeviceRecord next = change.of(now, HostInstant.of(host));
        return next == now
                ? new PreparedChange(now, now, Optional.of(status()), changes)
                : new PreparedChange(now, next.with(version.next()), Optional.empty(), changes);
    }

    /** A change that was made: the device just before and just after it. */
    public record Applied(DeviceRecord before, DeviceStatus after) {}

    /**
     * Makes a change of the device as it is now. Its alarms stay as the guest has left them.
     *
     * @param actor who makes it, for events
     */
    public Applied apply(DeviceRecord.Change change, Optional<String> actor) throws DeviceException {
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
        return new Applied(before, status());
    }

    /**
     * Sends the notification of an alarm that an operator wants now.
     *
     * @param actor the operator, for events
     * @throws DeviceException if the clock has no alarm or it is not enabled
     */
    public void expire(int clockId, Optional<String> actor) throws DeviceException {
        driver.expire(clockId, actor);
    }

    public DeviceStatus status() {
        return moment().status();
    }

    /** For a status that another thread makes. */
    public DeviceMoment moment() {
        Optional<BackEndStatus> backEnd = frontEnds.status();
        return new DeviceMoment(spec, isConfigured, version, frontEnds.state(backEnd), frontEnds.reason(),
                backEnd.flatMap(driver::obstacle), backEnd, clocks.moment(HostInstant.of(host), rtc.alarms()),
                driver.counter(), driver.counterReason(), counters);
    }
}
