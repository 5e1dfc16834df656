package io.clocktower.status;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How often each clock was read in each second of the last minute. The device's loop alone writes; any thread may read at
 * any time.
 */
final class RecentReads {

    /** What counts as recent. */
    static final int SECONDS = 60;

    private static final long COUNT = 0xffff_ffffL;
    private static final long NS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    /** By clock and by second modulo {@link #SECONDS}: the low 32 bits of the second, then the count. */
    private final AtomicLongArray seconds;

    RecentReads(int clocks) {
        seconds = new AtomicLongArray(clocks * SECONDS);
    }

    List<Long> list() {
        return DeviceCounters.list(seconds);
    }

    void restore(List<Long> before) {
        DeviceCounters.set(seconds, before);
    }

    /**
     * @param boottimeNs when they were, by CLOCK_BOOTTIME
     */
    void add(int clockId, int count, long boottimeNs) {
        long second = boottimeNs / NS_PER_SECOND;
        int index = index(clockId, second);
        long before = seconds.getPlain(index);
        long counted = before >>> Integer.SIZE == (second & COUNT) ? before & COUNT : 0;
        seconds.setOpaque(index, second << Integer.SIZE | Math.min(counted + count, COUNT));
    }

    /** How often a clock was read in the minute before that time. */
    long count(int clockId, long boottimeNs) {
        long now = boottimeNs / NS_PER_SECOND;
        long count = 0;
        for (long second = Math.max(0, now - SECONDS + 1); second <= now; second++) {
            long counted = seconds.getOpaque(index(clockId, second));
            if (counted >>> Integer.SIZE == (second & COUNT)) {
                count += counted & COUNT;
            }
        }
        return count;
    }

    private static int index(int clockId, long second) {
        return clockId * SECONDS + (int) (second % SECONDS);
    }
}
