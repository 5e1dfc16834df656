package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.linux.Reactor;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.vhostuser.BackEndListener;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.Connection;
import io.clocktower.vhostuser.Peer;
import io.clocktower.vhostuser.VirtioDevice;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * One device with its listening socket and, one after another, its front-ends. Its loop's thread owns it; only
 * {@link #spec}, {@link #counters} and {@link #faults} are for others.
 */
final class HostedDevice {

    private static final Logger LOG = Logger.getLogger(HostedDevice.class);
    private static final int CONNECTION_EVENTS_PER_SECOND = 10;

    private final boolean isConfigured;
    private final HostClock host;
    private final DeviceCounters counters;
    private final DeviceClocks clocks;
    private final DeviceTimer timer;
    private final RtcDevice rtc;
    private final Reactor reactor;
    private final FaultLog faults;
    private final Acceptor acceptor;
    private final DeviceObserver observer;
    private final EventLimit connectionEvents;
    private volatile DeviceSpec spec;
    private DeviceVersion version;
    private Connection connection;
    private long keptAlarmChanges;
    private CounterSource.Found counter = CounterSource.UNASKED;

    /**
     * @param record what it is made of
     * @param socket becomes the device's
     * @param observer is told on the loop's thread
     */
    HostedDevice(DeviceRecord record, HostClock host, HostTimer.Factory timers, Reactor reactor, ListeningSocket socket,
            DeviceObserver observer) {
        spec = record.spec();
        isConfigured = record.isConfigured();
        version = record.version();
        this.host = host;
        this.observer = observer;
        counters = new DeviceCounters(host, spec.clocks().size());
        clocks = new DeviceClocks(spec, record.faults(), host, counters);
        this.reactor = reactor;
        timer = new DeviceTimer(timers.open(reactor, host, this::onTime), clocks::nsUntilChange);
        rtc = new RtcDevice(clocks.served(), host, timer, counters,
                new AlarmEvents(counters, this::spec, host, reactor::nowNs, observer));
        rtc.restore(record.alarms());
        faults = new FaultLog(spec.name(), reactor::nowNs);
        acceptor = new Acceptor(socket, reactor, faults, new FrontEnds());
        connectionEvents = new EventLimit(CONNECTION_EVENTS_PER_SECOND, reactor::nowNs);
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
        return connection != null;
    }

    /** Begins to accept front-ends. */
    void listen() {
        acceptor.listen();
    }

    /** Accepts no front-end any more; one that is connected is served on. */
    void retire() {
        acceptor.retire();
    }

    /** Ends the device, and its front-end's connection with it. */
    void close() {
        retire();
        if (connection != null) {
            connection.close();
        }
        timer.close();
    }

    /** The timer ended: an alarm may be due, and a fault may begin or end. */
    private void onTime() {
        Faults before = clocks.faults();
        clocks.become(before);
        if (!clocks.faults().list().equals(before.list())) {
            onFaultsChanged(before);
            version = version.next();
            observer.onChanged();
        }
        rtc.onTime();
        notifyDriver();
        keepAlarms();
    }

    /** What the guest or time made of the alarms outlives the service, too. */
    private void keepAlarms() {
        if (rtc.alarmChanges() != keptAlarmChanges) {
            keptAlarmChanges = rtc.alarmChanges();
            observer.onChanged();
        }
    }

    /** Whatever was the occasion: what time does to faults may be seen as an operator changes others. */
    private void onFaultsChanged(Faults before) {
        Faults after = clocks.faults();
        for (Fault fault : before.list()) {
            if (after.find(fault.id()).isEmpty()) {
                publish(fault.endNs() <= host.boottimeNs()
                        ? DeviceEvent.Type.FAULT_ENDED
                        : DeviceEvent.Type.FAULT_REVERTED, fault);
            }
        }
        for (Fault fault : after.list()) {
            Optional<Fault> past = before.find(fault.id()).filter(fault::isSameAs);
            if (past.isEmpty()) {
                publish(DeviceEvent.Type.FAULT_INJECTED, fault);
            } else if (fault.isActive() && !past.get().isActive()) {
                publish(DeviceEvent.Type.FAULT_BEGUN, fault);
            }
        }
    }

    private void publish(DeviceEvent.Type type, Fault fault) {
        observer.onEvent(DeviceEvent.of(host, type, spec, FaultText.of(fault)).ofFault(fault));
    }

    private void publish(DeviceEvent.Type type, Peer peer) {
        if (connectionEvents.passes()) {
            observer.onEvent(DeviceEvent.of(host, type, spec, "front-end of pid %d, uid %d %s%s".formatted(peer.pid(),
                    peer.uid(), type.word(), connectionEvents.told())));
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
            throw DeviceException.changed("device %s has changed meanwhile".formatted(spec.name()));
        }
    }

    /** Becomes what a change has made of its record; the alarms stay as the guest left them meanwhile. */
    void become(DeviceRecord record) {
        Faults before = clocks.faults();
        spec = record.spec();
        // Meanwhile a fault may have ended.
        version = version.next();
        clocks.become(record.faults());
        onFaultsChanged(before);
        rtc.onTime();
        notifyDriver();
        keepAlarms();
        if (!clocks.keptFaults().isSameAs(record.faults())) {
            // It was kept before its faults could begin.
            observer.onChanged();
        }
    }

    /**
     * Sends the notification of an alarm that an operator wants now.
     *
     * @throws DeviceException if the clock has no alarm or it is not enabled
     */
    void expire(int clockId) throws DeviceException {
        if (clockId < 0 || clockId >= spec.clocks().size() || !spec.clocks().get(clockId).alarm()) {
            throw DeviceException.notFound("device %s: clock %d has no alarm".formatted(spec.name(), clockId));
        }
        if (!rtc.expire(clockId)) {
            throw DeviceException.conflict("device %s: the alarm of clock %d is not enabled".formatted(spec.name(),
                    clockId));
        }
        counters.onForced(clockId);
        observer.onEvent(DeviceEvent.of(host, DeviceEvent.Type.ALARM_FORCED, spec, "an operator had the alarm expire")
                .ofClock(clockId));
        notifyDriver();
        keepAlarms();
    }

    private void notifyDriver() {
        if (connection != null && rtc.hasNotification()) {
            connection.run(RtcDevice.ALARMQ);
        }
    }

    DeviceStatus status() {
        Optional<BackEndStatus> backEnd = Optional.ofNullable(connection).map(Connection::status);
        return new DeviceStatus(spec, isConfigured, version, state(backEnd), acceptor.failure(),
                backEnd.map(DeviceStatus.FrontEnd::of), clockStatus(), clocks.faultStatus(),
                counter.mapping(), counter.reason(), counters.requests(),
                counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED),
                counters.count(DeviceCounters.Event.CONNECTION_REFUSED),
                counters.count(DeviceCounters.Event.PROTOCOL_ERROR), counters.count(DeviceCounters.Event.RING_ERROR));
    }

    private void publishState() {
        counters.onState(connection != null ? DeviceState.CONNECTED : stateAlone());
    }

    private DeviceState state(Optional<BackEndStatus> backEnd) {
        if (backEnd.isPresent()) {
            return backEnd.get().isRunning() ? DeviceState.RUNNING : DeviceState.CONNECTED;
        }
        return stateAlone();
    }

    /** Without a front-end. */
    private DeviceState stateAlone() {
        return acceptor.failure().isPresent() ? DeviceState.FAILED : DeviceState.WAITING;
    }

    private List<DeviceStatus.Clock> clockStatus() {
        return clocks.status(HostInstant.of(host), rtc.alarms().stream()
                .collect(Collectors.toMap(AlarmStatus::clockId, DeviceStatus.Alarm::of)));
    }

    /** Those that connect, one after another. */
    private final class FrontEnds implements Acceptor.Owner {

        @Override
        public void onChanged() {
            publishState();
        }

        @Override
        public void onFrontEnd(AFUNIXSocketChannel channel) {
            if (connection != null && connection.isHungUp()) {
                // The one that comes was faster than the news that the other has gone.
                connection.close();
            }
            if (connection != null) {
                counters.on(DeviceCounters.Event.CONNECTION_REFUSED);
                faults.report(FaultLog.Kind.FRONT_END_REFUSED,
                        "refused a second front-end while the one of pid %d is connected"
                                .formatted(connection.peer().pid()));
                ListeningSocket.closeQuietly(channel);
                return;
            }
            try {
                connection = new Connection(channel, new Virtio(), new Listener(), reactor,
                        spec.pollWindow().toNanos());
                counters.on(DeviceCounters.Event.CONNECTION_ACCEPTED);
                publishState();
                Peer peer = connection.peer();
                LOG.infof("%s: front-end of pid %d, uid %d connected", spec.name(), peer.pid(), peer.uid());
                publish(DeviceEvent.Type.CONNECTED, peer);
            } catch (IOException e) {
                faults.report(FaultLog.Kind.CONNECTION, "front-end lost while it connected: " + e.getMessage());
                ListeningSocket.closeQuietly(channel);
            }
        }
    }

    /** The RTC device as vhost-user's back-end sees it. */
    private final class Virtio implements VirtioDevice {

        @Override
        public long features() {
            return rtc.features();
        }

        @Override
        public int queueCount() {
            return RtcDevice.QUEUE_COUNT;
        }

        @Override
        public void onFeatures(long features) {
            rtc.onFeatures(features);
            counter = features == 0
                    ? CounterSource.UNASKED
                    : CounterSource.of(spec.counter(), connection.peer().pid());
            rtc.setCounter(counter.mapping().map(HostCounter::new).orElse(null));
        }

        @Override
        public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
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

    private final class Listener implements BackEndListener {

        @Override
        public void onProtocolError(String message) {
            counters.on(DeviceCounters.Event.PROTOCOL_ERROR);
            faults.report(FaultLog.Kind.PROTOCOL_ERROR, "front-end: " + message);
        }

        @Override
        public void onRingBroken(int index, String reason) {
            counters.on(DeviceCounters.Event.RING_ERROR);
            faults.report(FaultLog.Kind.RING_ERROR, "virtqueue %d is broken until it is reset: %s".formatted(index,
                    reason));
        }

        @Override
        public void onClosed() {
            Peer peer = connection.peer();
            LOG.infof("%s: front-end of pid %d disconnected", spec.name(), peer.pid());
            connection = null;
            publishState();
            publish(DeviceEvent.Type.DISCONNECTED, peer);
            observer.onDisconnected();
        }
    }
}
