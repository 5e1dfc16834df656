package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.device.DeviceStatus.RequestCount;
import io.clocktower.rtc.RequestObserver;
import io.clocktower.rtc.RequestType;
import io.clocktower.rtc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/** A device's counts. The device's loop alone writes them; any thread may read them at any time. */
public final class DeviceCounters implements RequestObserver {

    private static final RequestType[] TYPES = RequestType.values();
    private static final Status[] STATUSES = Status.values();
    private static final long NEVER = Long.MIN_VALUE;

    /** What happens to a device, guests' requests aside. */
    public enum Event {
        CONNECTION_ACCEPTED, CONNECTION_REFUSED, PROTOCOL_ERROR, RING_ERROR
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

    DeviceCounters(HostClock host, int clocks) {
        this.host = host;
        reads = new AtomicLongArray(clocks);
        lastReadNs = new AtomicLongArray(clocks);
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

    void on(Event event) {
        increment(events, event.ordinal());
    }

    /** There is one writer, so nothing is lost between the read and the write. */
    private static void increment(AtomicLongArray counts, int index) {
        counts.setOpaque(index, counts.getPlain(index) + 1);
    }

    public long count(Event event) {
        return events.getOpaque(event.ordinal());
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
