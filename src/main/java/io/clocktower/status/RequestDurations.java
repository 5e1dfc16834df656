package io.clocktower.status;

import io.clocktower.rtc.RequestType;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/** How long a device took over its requests, by their type. Its loop alone writes; any thread may read at any time. */
public final class RequestDurations {

    /** The upper bounds of all buckets but the last, which has none. */
    private static final long[] BOUNDS_NS = {500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
            500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000};
    /** The buckets of a type, and after them the sum of its durations. */
    private static final int SUM = BOUNDS_NS.length + 1;
    private static final int CELLS = SUM + 1;

    private final AtomicLongArray cells = new AtomicLongArray(RequestType.values().length * CELLS);

    /**
     * @param upTo how many took no longer than each of {@link #boundsNs}, and last how many there were
     * @param sumNs how long all of them took together
     */
    public record Distribution(long[] upTo, long sumNs) {

        public long count() {
            return upTo[upTo.length - 1];
        }
    }

    RequestDurations() {}

    List<Long> list() {
        return DeviceCounters.list(cells);
    }

    void restore(List<Long> before) {
        DeviceCounters.set(cells, before);
    }

    /** Ascending, in nanoseconds. */
    public static long[] boundsNs() {
        return BOUNDS_NS.clone();
    }

    /** Adds some that each took {@code ns}. */
    void add(RequestType type, int count, long ns) {
        int bucket = 0;
        while (bucket < BOUNDS_NS.length && ns > BOUNDS_NS[bucket]) {
            bucket++;
        }
        int first = type.ordinal() * CELLS;
        add(first + bucket, count);
        add(first + SUM, count * ns);
    }

    /** There is one writer, so nothing is lost between the read and the write. */
    private void add(int cell, long more) {
        cells.setOpaque(cell, cells.getPlain(cell) + more);
    }

    /** Of one type. Its counts are of one time, and its sum of the same or one a little later. */
    Distribution of(RequestType type) {
        int first = type.ordinal() * CELLS;
        long[] upTo = new long[SUM];
        long count = 0;
        for (int bucket = 0; bucket < SUM; bucket++) {
            count += cells.getOpaque(first + bucket);
            upTo[bucket] = count;
        }
        return new Distribution(upTo, cells.getOpaque(first + SUM));
    }
}
