package io.clocktower.hosted;

import io.clocktower.clock.HostClock;
import io.clocktower.counter.CounterLookup;
import io.clocktower.counter.CounterSource;
import io.clocktower.counter.HostCounter;
import io.clocktower.event.DeviceEvent;
import io.clocktower.linux.Reactor;
import io.clocktower.loop.EventLoop;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.ProtocolException;
import io.clocktower.vhostuser.VirtioDevice;
import io.clocktower.vhostuser.VringStatus;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The device as its guest's driver sees it: what the driver's queues ask, the alarms that it is notified of, and the cycle
 * counter that it is told. The device's loop owns it.
 */
final class DriverSide implements VirtioDevice {

    private final RtcDevice rtc;
    private final Migration migration;
    private final Supplier<DeviceSpec> spec;
    private final HostClock host;
    private final Reactor reactor;
    private final DeviceCounters counters;
    private final Supplier<FrontEnds> frontEnds;
    private final DeviceObserver observer;
    private final CounterLookup counter;
    private Optional<CounterLookup.Known> resumedCounter = Optional.empty();
    private long keptAlarmChanges;
    /** The number of the connection in which a driver has last used the requestq. */
    private long usedConnection;

    /**
     * @param clocks those that {@code rtc} serves
     * @param reactor that of the loop, for this device
     * @param frontEnds those of the device, which are there once the first one connects
     */
    DriverSide(RtcDevice rtc, DeviceClocks clocks, Supplier<DeviceSpec> spec, HostClock host, EventLoop loop,
            Reactor reactor, DeviceCounters counters, Supplier<FrontEnds> frontEnds, DeviceObserver observer) {
        this.rtc = rtc;
        migration = new Migration(rtc, clocks, host);
        this.spec = spec;
        this.host = host;
        this.reactor = reactor;
        this.counters = counters;
        this.frontEnds = frontEnds;
        this.observer = observer;
        counter = new CounterLookup(CounterSource::ofKvm, () -> host.boottimeNs() - System.nanoTime(), reactor,
                loop.outbox(), loop::execute,
                found -> rtc.setCounter(found.mapping().map(HostCounter::new).orElse(null)),
                () -> frontEnds.get().run(RtcDevice.REQUESTQ));
    }

    @Override
    public long features() {
        return rtc.features() & ~spec.get().features().withheld();
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
            counter.resume(resumedCounter.get(), frontEnds.get().peer().pid());
        } else {
            counter.start(spec.get().counter(), frontEnds.get().peer().pid());
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
    public byte[] save() {
        return migration.save();
    }

    @Override
    public void load(byte[] state) throws ProtocolException {
        migration.load(state);
        observer.onChanged();
    }

    @Override
    public void onReset() {
        rtc.onReset();
        keepAlarms();
    }

    private void notifyDriver() {
        if (rtc.hasNotification()) {
            frontEnds.get().run(RtcDevice.ALARMQ);
        }
    }

    /**
     * What the guest or time made of the alarms outlives the service, too. The next turn sees to it: first the guest gets its
     * answer, or its notification.
     */
    private void keepAlarms() {
        if (rtc.alarmChanges() != keptAlarmChanges) {
            keptAlarmChanges = rtc.alarmChanges();
            reactor.putOff(observer::onChanged);
        }
    }

    /** Notifies the driver of the alarms that have expired. */
    void notifyOfAlarms() {
        notifyDriver();
        keepAlarms();
    }

    /** See {@link HostedDevice#expire}. */
    void expire(int clockId, Optional<String> actor) throws DeviceException {
        if (clockId < 0 || clockId >= spec.get().clocks().size() || !spec.get().clocks().get(clockId).alarm()) {
            throw DeviceException.notFound("device %s: clock %d has no alarm".formatted(spec.get().name(), clockId));
        }
        if (!rtc.expire(clockId)) {
            throw DeviceException
                    .conflict("device %s: the alarm of clock %d is not enabled".formatted(spec.get().name(),
                            clockId));
        }
        counters.onForced(clockId);
        observer.onEvent(DeviceEvent.of(host, DeviceEvent.Type.ALARM_FORCED, spec.get(),
                "alarm expired by " + actor.orElse("operator")).ofClock(clockId).by(actor));
        notifyOfAlarms();
    }

    /** What is known of the guest's cycle counter, for a process that goes on from it. */
    Optional<CounterLookup.Known> knownCounter() {
        return counter.known();
    }

    /** What a predecessor knew of the guest's cycle counter; of use until the driver's features are set. */
    void resumeCounter(Optional<CounterLookup.Known> known) {
        resumedCounter = known;
    }

    CounterSource.Found counter() {
        return counter.found();
    }

    /** A driver that runs keeps the answer that it had; what was given since is for the next one. */
    String counterReason() {
        return spec.get().counter().isEmpty() || counter.found().mapping().equals(spec.get().counter())
                ? counter.found().reason()
                : "given by the operator, for the guest's driver that starts next";
    }

    /** Why the guest of a front-end that is connected can read no clock. */
    Optional<DeviceStatus.Obstacle> obstacle(BackEndStatus backEnd) {
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
}
