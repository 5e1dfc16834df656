package io.clocktower.hosted;

import io.clocktower.clock.HostClock;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.event.EventLimit;
import io.clocktower.rtc.AlarmObserver;
import io.clocktower.spec.DeviceSpec;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Publishes what a guest does with its alarms, up to a limit a second, and without allocating anything while there is no
 * subscriber. Another observer gets every call. The device's loop owns it.
 */
final class AlarmEvents implements AlarmObserver {

    static final int PER_SECOND = 50;

    private final AlarmObserver other;
    private final Supplier<DeviceSpec> spec;
    private final HostClock host;
    private final DeviceObserver observer;
    private final EventLimit limit;

    /**
     * @param clock a monotonic clock, in nanoseconds
     */
    AlarmEvents(AlarmObserver other, Supplier<DeviceSpec> spec, HostClock host, LongSupplier clock,
            DeviceObserver observer) {
        this.other = other;
        this.spec = spec;
        this.host = host;
        this.observer = observer;
        limit = new EventLimit(PER_SECOND, clock);
    }

    @Override
    public void onSet(int clockId) {
        other.onSet(clockId);
        publish(Type.ALARM_SET, clockId, "the guest set its alarm");
    }

    @Override
    public void onExpired(int clockId) {
        other.onExpired(clockId);
        publish(Type.ALARM_EXPIRED, clockId, "the alarm expired");
    }

    @Override
    public void onDelivered(int clockId) {
        other.onDelivered(clockId);
        publish(Type.ALARM_DELIVERED, clockId, "the guest was notified of its alarm");
    }

    @Override
    public void onChange(int clockId, boolean isPending, boolean isWaiting) {
        other.onChange(clockId, isPending, isWaiting);
    }

    private void publish(Type type, int clockId, String detail) {
        if (!limit.passes()) {
            return;
        }
        if (observer.isHeard()) {
            observer.onEvent(DeviceEvent.of(host, type, spec.get(), detail + limit.told()).ofClock(clockId));
        } else {
            observer.onUnheard();
        }
    }
}
