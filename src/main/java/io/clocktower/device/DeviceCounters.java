package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.device.DeviceStatus.RequestCount;
import io.clocktower.device.RequestDurations.Distribution;
import io.clocktower.rtc.AlarmObserver;
import io.clocktower.rtc.RequestObserver;
import io.clocktower.rtc.RequestType;
import io.clocktower.rtc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * A device's counts, and what else of it is of use to whoever watches it from outside. The device's loop alone writes
 * them; any thread may read them at any time.
 */
public final class DeviceCounters implements RequestObserver, AlarmObserver {

    private static final RequestType[] TYPES = RequestType.values();
    private static final Status[] STATUSES = Status.values();
    private static final int ALARM_EVENTS = AlarmEvent.values().length;
    private static final long NEVER = Long.MIN_VALUE;

    /** What happens to a device, guests' requests aside. */
    public enum Event {
        CONNECTION_ACCEPTED, CONNECTION_REFUSED, PROTOCOL_ERROR, RING_ERROR
    }

    /** What happens to a clock's alarm. */
    public enum AlarmEvent {
        SET, EXPIRED, DELIVERED, FORCED
    }

    /** Takes one distribution, with the name of the requests' type. */
    @FunctionalInterface
    public interface DurationsReader {
        void accept(String type, Distribution durations);
    }

    /** Takes one count, with the names it goes by. */
    @FunctionalInterface
    public interface RequestCounter {
        void accept(String type, String status, LongSupplier count);
    }

    private final HostClock host;
    private final AtomicLongArray requests = new AtomicLongArray(TYPES.length * STATUSES.length);
    private final AtomicLongArray events = new AtomicLongArray(Event.values().length);
    private final AtomicLongArray reads;
    private final AtomicLongArray lastReadNs;
    private final RequestDurations durations = new RequestDurations();
    /** By clock and event. */
    private final AtomicLongArray alarmEvents;
    /** By clock. */
    private final AtomicIntegerArray pendingAlarms;
    private final AtomicIntegerArray waitingAlarms;
    private volatile DeviceState state = DeviceState.WAITING;

    DeviceCounters(HostClock host, int clocks) {
        this.host = host;
        reads = new AtomicLongArray(clocks);
        lastReadNs = new AtomicLongArray(clocks);
        alarmEvents = new AtomicLongArray(clocks * ALARM_EVENTS);
        pendingAlarms = new AtomicIntegerArray(clocks);
        waitingAlarms = new AtomicIntegerArray(clocks);
        for (int i = 0; i < clocks; i++) {
            lastReadNs.set(i, NEVER);
        }
    }

    @Override
    public void onRequest(RequestType type, Status status) {
        assert type.endsWith(status) : type + " ended with " + status;
        increment(requests, type.ordinal() * STATUSES.length + status.ordinal());
    }

    @Override
    public void onRead(int clockId) {
        increment(reads, clockId);
        lastReadNs.setOpaque(clockId, host.realtimeNs());
    }

    @Override
    public void onUsed(RequestType type, long ns) {
        durations.add(type, ns);
    }

    @Override
    public void onSet(int clockId) {
        on(AlarmEvent.SET, clockId);
    }

    @Override
    public void onExpired(int clockId) {
        on(AlarmEvent.EXPIRED, clockId);
    }

    @Override
    public void onDelivered(int clockId) {
        on(AlarmEvent.DELIVERED, clockId);
    }

    /** An operator had the alarm of a clock expire. */
    void onForced(int clockId) {
        on(AlarmEvent.FORCED, clockId);
    }

    private void on(AlarmEvent event, int clockId) {
        increment(alarmEvents, clockId * ALARM_EVENTS + event.ordinal());
    }

    @Override
    public void onChange(int clockId, boolean isPending, boolean isWaiting) {
        pendingAlarms.setOpaque(clockId, isPending ? 1 : 0);
        waitingAlarms.setOpaque(clockId, isWaiting ? 1 : 0);
    }

    void on(Event event) {
        increment(events, event.ordinal());
    }

    void onState(DeviceState state) {
        this.state = state;
    }

    /** There is one writer, so nothing is lost between the read and the write. */
    private static void increment(AtomicLongArray counts, int index) {
        counts.setOpaque(index, counts.getPlain(index) + 1);
    }

    public long count(Event event) {
        return events.getOpaque(event.ordinal());
    }

    public long count(AlarmEvent event, int clockId) {
        return alarmEvents.getOpaque(clockId * ALARM_EVENTS + event.ordinal());
    }

    /** Whether the driver is to be notified of a clock's alarm, now or when its time comes. */
    public boolean isAlarmPending(int clockId) {
        return pendingAlarms.getOpaque(clockId) != 0;
    }

    /** Whether an expiration of a clock's alarm waits for a buffer or for a driver. */
    public boolean isAlarmWaiting(int clockId) {
        return waitingAlarms.getOpaque(clockId) != 0;
    }

    /** The device's state as a front-end's coming and going make it: never {@link DeviceState#RUNNING}. */
    public DeviceState state() {
        return state;
    }

    public long reads(int clockId) {
        return reads.getOpaque(clockId);
    }

    /** When the guest last read a clock, in nanoseconds since 1970-01-01 00:00 UTC. */
    public OptionalLong lastReadNs(int clockId) {
        long ns = lastReadNs.getOpaque(clockId);
        return ns == NEVER ? OptionalLong.empty() : OptionalLong.of(ns);
    }

    /** Shows every pair of a request's type and status that can occur. */
    public void forEachRequest(RequestCounter counter) {
        for (RequestType type : TYPES) {
            for (Status status : STATUSES) {
                if (type.endsWith(status)) {
                    int index = type.ordinal() * STATUSES.length + status.ordinal();
                    counter.accept(name(type), name(status), () -> requests.getOpaque(index));
                }
            }
        }
    }

    /** Shows the durations of the requests of each type. */
    public void forEachDuration(DurationsReader reader) {
        for (RequestType type : TYPES) {
            reader.accept(name(type), durations.of(type));
        }
    }

    List<RequestCount> requests() {
        List<RequestCount> happened = new ArrayList<>();
        forEachRequest((type, status, count) -> {
            if (count.getAsLong() > 0) {
                happened.add(new RequestCount(type, status, count.getAsLong()));
            }
        });
        return happened;
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
