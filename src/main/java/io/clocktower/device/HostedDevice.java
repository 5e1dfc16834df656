package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.vhostuser.BackEndListener;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.Connection;
import io.clocktower.vhostuser.Peer;
import io.clocktower.vhostuser.VirtioDevice;
import io.clocktower.vhostuser.VringStatus;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * One device with its listening socket and, one after another, its front-ends. Its loop's thread owns it; only
 * {@link #spec} and {@link #counters} are for others.
 */
final class HostedDevice {

    private static final Logger LOG = Logger.getLogger(HostedDevice.class);
    private static final long ACCEPT_AGAIN_NS = TimeUnit.SECONDS.toNanos(1);

    private final DeviceSpec spec;
    private final HostClock host;
    private final LeapSeconds leapSeconds;
    private final DeviceCounters counters;
    private final HostTimer alarmTimer;
    private final RtcDevice rtc;
    private final Reactor reactor;
    private final FaultLog faults;
    private final ListeningSocket socket;
    private final Deadline acceptAgain;
    private final Runnable onDisconnected;
    private Reactor.Watch listening;
    private Connection connection;
    private Optional<String> failure = Optional.empty();
    private boolean isRetired;
    private Optional<CounterMapping> givenCounter;
    private CounterSource.Found counter = CounterSource.UNASKED;

    /**
     * @param socket becomes the device's
     * @param onDisconnected is called on the loop's thread after a front-end has gone
     */
    HostedDevice(DeviceSpec spec, HostClock host, HostTimer.Factory timers, LeapSeconds leapSeconds, Reactor reactor,
            ListeningSocket socket, Runnable onDisconnected) {
        this.spec = spec;
        this.host = host;
        this.leapSeconds = leapSeconds;
        this.socket = socket;
        this.onDisconnected = onDisconnected;
        givenCounter = spec.counter();
        counters = new DeviceCounters(host, spec.clocks().size());
        this.reactor = reactor;
        alarmTimer = timers.open(reactor, host, this::onTime);
        rtc = new RtcDevice(clocks(), host, alarmTimer, counters);
        faults = new FaultLog(spec.name(), reactor::nowNs);
        acceptAgain = reactor.deadline(this::listen);
    }

    private List<ServedClock> clocks() {
        return spec.clocks().stream().map(clock -> new ServedClock(clock, leapSeconds)).toList();
    }

    DeviceSpec spec() {
        return spec;
    }

    DeviceCounters counters() {
        return counters;
    }

    boolean isConnected() {
        return connection != null;
    }

    /** Begins to accept front-ends. */
    void listen() {
        try {
            listening = reactor.watch(socket.number(), Epoll.EPOLLIN, _ -> onAcceptable());
            failure = Optional.empty();
        } catch (IOException | LinuxException e) {
            onAcceptFailed(e);
        }
    }

    private void onAcceptable() {
        try {
            AFUNIXSocketChannel channel = socket.accept();
            if (channel != null) {
                onFrontEnd(channel);
            }
        } catch (IOException e) {
            onAcceptFailed(e);
        }
    }

    /** Out of descriptors, say. The front-end waits in the backlog, so trying at once and on and on would not help. */
    private void onAcceptFailed(Exception e) {
        failure = Optional.of("cannot accept a front-end: " + e.getMessage());
        faults.report(FaultLog.Kind.ACCEPT_FAILED, failure.get());
        if (listening != null) {
            listening.close();
            listening = null;
        }
        acceptAgain.setAfter(ACCEPT_AGAIN_NS);
    }

    private void onFrontEnd(AFUNIXSocketChannel channel) {
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
            connection = new Connection(channel, new Virtio(), new Listener(), reactor, spec.pollWindow().toNanos());
            counters.on(DeviceCounters.Event.CONNECTION_ACCEPTED);
            Peer peer = connection.peer();
            LOG.infof("%s: front-end of pid %d, uid %d connected", spec.name(), peer.pid(), peer.uid());
        } catch (IOException e) {
            faults.report(FaultLog.Kind.CONNECTION, "front-end lost while it connected: " + e.getMessage());
            ListeningSocket.closeQuietly(channel);
        }
    }

    /** Accepts no front-end any more; one that is connected is served on. */
    void retire() {
        if (!isRetired) {
            isRetired = true;
            acceptAgain.clear();
            if (listening != null) {
                listening.close();
                listening = null;
            }
            socket.close();
        }
    }

    /** Ends the device, and its front-end's connection with it. */
    void close() {
        retire();
        if (connection != null) {
            connection.close();
        }
        alarmTimer.close();
    }

    /** The alarms' timer ended, or the time that the device serves is another one than before. */
    private void onTime() {
        rtc.onTime();
        notifyDriver();
    }

    private void notifyDriver() {
        if (connection != null && rtc.hasNotification()) {
            connection.run(RtcDevice.ALARMQ);
        }
    }

    /** What the driver that comes next is told; to one that is there, CROSS_CAP answers as it did. */
    void giveCounter(Optional<CounterMapping> mapping) {
        givenCounter = mapping;
    }

    DeviceStatus status() {
        Optional<BackEndStatus> backEnd = Optional.ofNullable(connection).map(Connection::status);
        return new DeviceStatus(spec, state(backEnd), failure, backEnd.map(HostedDevice::frontEnd), clockStatus(),
                counter.mapping(), counter.reason(), counters.requests(),
                counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED),
                counters.count(DeviceCounters.Event.CONNECTION_REFUSED),
                counters.count(DeviceCounters.Event.PROTOCOL_ERROR), counters.count(DeviceCounters.Event.RING_ERROR));
    }

    private DeviceState state(Optional<BackEndStatus> backEnd) {
        if (backEnd.isPresent()) {
            return backEnd.get().isRunning() ? DeviceState.RUNNING : DeviceState.CONNECTED;
        }
        return failure.isPresent() ? DeviceState.FAILED : DeviceState.WAITING;
    }

    private static DeviceStatus.FrontEnd frontEnd(BackEndStatus backEnd) {
        Peer peer = backEnd.peer();
        return new DeviceStatus.FrontEnd(peer.pid(), peer.uid(), peer.gid(), backEnd.features(),
                backEnd.protocolFeatures(), backEnd.memoryRegions(),
                backEnd.vrings().stream().map(HostedDevice::ring).toList());
    }

    private static DeviceStatus.Ring ring(VringStatus vring) {
        return new DeviceStatus.Ring(vring.index(), vring.size(), vring.base(), vring.isStarted(), vring.isEnabled(),
                vring.isBroken());
    }

    private List<DeviceStatus.Clock> clockStatus() {
        HostInstant now = HostInstant.of(host);
        Map<Integer, DeviceStatus.Alarm> alarms = rtc.alarms().stream()
                .collect(Collectors.toMap(AlarmStatus::clockId, HostedDevice::alarm));
        return IntStream.range(0, spec.clocks().size()).mapToObj(id -> {
            ClockSpec clock = spec.clocks().get(id);
            long ns = new ServedClock(clock, leapSeconds).readNs(now);
            return new DeviceStatus.Clock(id, clock, ns, ns, counters.reads(id), counters.lastReadNs(id),
                    Optional.ofNullable(alarms.get(id)));
        }).toList();
    }

    private static DeviceStatus.Alarm alarm(AlarmStatus alarm) {
        return new DeviceStatus.Alarm(alarm.timeNs(), alarm.isEnabled(), alarm.isWaiting(), alarm.expirations(),
                alarm.notifications());
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
                    : CounterSource.of(givenCounter, connection.peer().pid());
            rtc.setCounter(counter.mapping().map(HostCounter::new).orElse(null));
        }

        @Override
        public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
            boolean isMoreLeft = rtc.onAvailable(queueIndex, virtqueue);
            if (queueIndex == RtcDevice.REQUESTQ) {
                // An alarm may have been set to a time that has come.
                notifyDriver();
            }
            return isMoreLeft;
        }

        @Override
        public void onReset() {
            rtc.onReset();
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
            LOG.infof("%s: front-end of pid %d disconnected", spec.name(), connection.peer().pid());
            connection = null;
            onDisconnected.run();
        }
    }
}
