package io.clocktower.status;

import io.clocktower.clock.HostClock;
import io.clocktower.rtc.AlarmObserver;
import io.clocktower.rtc.RequestObserver;
import io.clocktower.rtc.RequestType;
import io.clocktower.rtc.Status;
import io.clocktower.status.DeviceStatus.RequestCount;
import io.clocktower.status.RequestDurations.Distribution;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * A device's counts, and what else of it monitoring needs. The device's loop alone writes
 * them; any thread may read them at any time.
 */
public final class DeviceCounters implements RequestObserver, AlarmObserver {

    private static final RequestType[] TYPES = RequestType.values();
    private static final Status[] STATUSES = Status.values();
    private static final int ALARM_EVENTS = AlarmEvent.values().length;
    private static final long NEVER = Long.MIN_VALUE;
    /** Reads that follow each other more quickly have one time: to ask for it takes as long as to read a clock. */
    private static final long STAMP_NS = TimeUnit.MILLISECONDS.toNanos(1);

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

    /** Takes one count, with its labels. */
    @FunctionalInterface
    public interface RequestCounter {
        void accept(String type, String status, LongSupplier count);
    }

    private final HostClock host;
    private final AtomicLongArray requests = new AtomicLongArray(TYPES.length * STATUSES.length);
    private final AtomicLongArray events = new AtomicLongArray(Event.values().length);
    private final AtomicLongArray reads;
    private final AtomicLongArray lastReadNs;
    /** By CLOCK_BOOTTIME. */
    private final AtomicLongArray lastReadBoottimeNs;
    /** By clock: when both were last set, on the device's monotonic clock. */
    private final long[] stampedNs;
    private final RecentReads recentReads;
    private final RequestDurations durations = new RequestDurations();
    /** By clock and event. */
    private final AtomicLongArray alarmEvents;
    /** By clock. */
    private final AtomicIntegerArray pendingAlarms;
    private final AtomicIntegerArray waitingAlarms;
    private volatile DeviceState state = DeviceState.WAITING;

    public DeviceCounters(HostClock host, int clocks) {
        this.host = host;
        reads = new AtomicLongArray(clocks);
        lastReadNs = new AtomicLongArray(clocks);
        lastReadBoottimeNs = new AtomicLongArray(clocks);
        stampedNs = new long[clocks];
        recentReads = new RecentReads(clocks);
        alarmEvents = new AtomicLongArray(clocks * ALARM_EVENTS);
        pendingAlarms = new AtomicIntegerArray(clocks);
        waitingAlarms = new AtomicIntegerArray(clocks);
        for (int i = 0; i < clocks; i++) {
            lastReadNs.set(i, NEVER);
        }
    }

    /**
     * All counts, each list in the order of this class. A process that takes over a device goes on from them.
     *
     * @param durations of requests
     */
    public record Counts(List<Long> requests, List<Long> events, List<Long> reads, List<Long> lastReadNs,
            List<Long> lastReadBoottimeNs, List<Long> recentReads, List<Long> durations, List<Long> alarmEvents) {}

    public Counts counts() {
        return new Counts(list(requests), list(events), list(reads), list(lastReadNs),
                list(lastReadBoottimeNs), recentReads.list(), durations.list(), list(alarmEvents));
    }

    /** Goes on from counts. Those that this release does not know, and those of clocks that are gone, are left out. */
    public void restore(Counts counts) {
        set(requests, counts.requests());
        set(events, counts.events());
        set(reads, counts.reads());
        set(lastReadNs, counts.lastReadNs());
        set(lastReadBoottimeNs, counts.lastReadBoottimeNs());
        recentReads.restore(counts.recentReads());
        durations.restore(counts.durations());
        set(alarmEvents, counts.alarmEvents());
    }

    static List<Long> list(AtomicLongArray array) {
        return IntStream.range(0, array.length()).mapToObj(array::getOpaque).toList();
    }

    static void set(AtomicLongArray array, List<Long> values) {
        for (int i = 0; i < Math.min(array.length(), values.size()); i++) {
            array.setOpaque(i, values.get(i));
        }
    }

    @Override
    public void onRequests(RequestType type, Status status, int count, long ns) {
        assert type.endsWith(status) : type + " ended with " + status;
        add(requests, type.ordinal() * STATUSES.length + status.ordinal(), count);
        durations.add(type, count, ns);
    }

    @Override
    public void onReads(int clockId, int count, long nowNs) {
        add(reads, clockId, count);
        if (lastReadNs.getPlain(clockId) == NEVER || nowNs - stampedNs[clockId] >= STAMP_NS) {
            stampedNs[clockId] = nowNs;
            lastReadNs.setOpaque(clockId, host.realtimeNs());
            lastReadBoottimeNs.setOpaque(clockId, host.boottimeNs());
        }
        recentReads.add(clockId, count, lastReadBoottimeNs.getPlain(clockId));
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

    /** An operator expired the alarm of a clock. */
    public void onForced(int clockId) {
        on(AlarmEvent.FORCED, clockId);
    }

    private void on(AlarmEvent event, int clockId) {
        add(alarmEvents, clockId * ALARM_EVENTS + event.ordinal(), 1);
    }

    @Override
    public void onChange(int clockId, boolean isPending, boolean isWaiting) {
        pendingAlarms.setOpaque(clockId, isPending ? 1 : 0);
        waitingAlarms.setOpaque(clockId, isWaiting ? 1 : 0);
    }

    /** Counts an event. */
    public void on(Event event) {
        add(events, event.ordinal(), 1);
    }

    /** A front-end came or went. */
    public void onState(DeviceState state) {
        this.state = state;
    }

    /** There is one writer, so nothing is lost between the read and the write. */
    private static void add(AtomicLongArray counts, int index, int more) {
        counts.setOpaque(index, counts.getPlain(index) + more);
    }

    public long count(Event event) {
        return events.getOpaque(event.ordinal());
    }

    public long count(AlarmEvent event, int clockId) {
        return alarmEvents.getOpaque(clockId * ALARM_EVENTS + event.ordinal());
    }

    /** Whether the driver will be notified of a clock's alarm, now or when the alarm's time comes. */
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

    /** When the guest last read a clock, to a millisecond, in nanoseconds since 1970-01-01 00:00 UTC. */
    public OptionalLong lastReadNs(int clockId) {
        long ns = lastReadNs.getOpaque(clockId);
        return ns == NEVER ? OptionalLong.empty() : OptionalLong.of(ns);
    }

    /** How often the guest has read a clock in the last minute. */
    public long readsLastMinute(int clockId) {
        return recentReads.count(clockId, host.boottimeNs());
    }

    /** How long ago the guest last read a clock, to a millisecond; steps of the host's clock do not change it. */
    public OptionalLong lastReadAgeNs(int clockId) {
        return lastReadNs.getOpaque(clockId) == NEVER
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, host.boottimeNs() - lastReadBoottimeNs.getOpaque(clockId)));
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

    /** The requests of each type and status that occurred. */
    public List<RequestCount> requests() {
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
