package io.clocktower.memory;

import io.clocktower.linux.Residency;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A budget of pages of guest memory that a device is the first to touch. The kernel allocates such a page and charges it to
 * our control group, where it stays as long as the guest's memory lives, so a guest that names addresses all over memory it
 * never used makes us pay for it. A driver wrote its rings and requests before we read them, and so needs few of them.
 *
 * <p>
 * The pages touched last are remembered. Of those, one in {@value #SAMPLE} accesses looks again and counts that many pages if
 * the page is gone: a guest that gives pages back to its host and has us touch them again gains nothing. One thread owns it;
 * an access neither allocates nor, as a rule, enters the kernel.
 */
public final class FirstTouches {

    /** 16 MiB of pages of 4 KiB. */
    static final int MAX_PAGES = 4096;
    /** How long it takes until a device that used up its budget may touch one more page. */
    static final long REFILL_NS = TimeUnit.MINUTES.toNanos(1);

    private static final int SAMPLE_BITS = 9;
    private static final int SAMPLE = 1 << SAMPLE_BITS;
    /** Of a linear congruential generator modulo 2^64. */
    private static final long DRAW_FACTOR = 6364136223846793005L;
    private static final int REMEMBERED = 256;
    private static final long PAGE_BYTES = Residency.PAGE_BYTES;
    private static final int PAGE_SHIFT = Long.numberOfTrailingZeros(PAGE_BYTES);

    private final Residency residency = new Residency();
    private final LongSupplier clock;
    private final long[] remembered = new long[REMEMBERED];
    private long left = MAX_PAGES;
    private long refilledNs;
    private long draw = System.nanoTime();

    /**
     * @param clock a monotonic one, in nanoseconds; it is asked when a page is missing
     */
    public FirstTouches(LongSupplier clock) {
        this.clock = clock;
        refilledNs = clock.getAsLong();
    }

    /**
     * Counts the pages of a part that is about to be read or written.
     *
     * @param address where in this process it begins
     * @throws UntouchedMemoryException if the budget is used up
     */
    public void check(long address, long bytes) {
        long first = address >>> PAGE_SHIFT;
        long last = address + bytes - 1 >>> PAGE_SHIFT;
        for (long page = first; page <= last; page++) {
            int slot = (int) page & REMEMBERED - 1;
            if (remembered[slot] != page) {
                take(residency.missing(page << PAGE_SHIFT, PAGE_BYTES));
                remembered[slot] = page;
            } else if (isSample()) {
                take((long) SAMPLE * residency.missing(page << PAGE_SHIFT, PAGE_BYTES));
            }
        }
    }

    /** Drawn, for a guest must not know which accesses look again. */
    private boolean isSample() {
        draw = draw * DRAW_FACTOR + 1;
        return draw >>> Long.SIZE - SAMPLE_BITS == 0;
    }

    /**
     * Counts the missing pages of a whole part, as of a ring that is set up.
     *
     * @throws UntouchedMemoryException if the budget is used up
     */
    public void checkAll(MemorySegment segment) {
        take(residency.missing(segment.address(), segment.byteSize()));
    }

    /** Forgets which pages were touched: other memory may be mapped at their addresses. */
    void forget() {
        Arrays.fill(remembered, 0);
    }

    private void take(long pages) {
        if (pages == 0) {
            return;
        }
        long nowNs = clock.getAsLong();
        long refill = Math.min(MAX_PAGES - left, (nowNs - refilledNs) / REFILL_NS);
        left += refill;
        refilledNs = left == MAX_PAGES ? nowNs : refilledNs + refill * REFILL_NS;
        if (pages > left) {
            throw new UntouchedMemoryException();
        }
        left -= pages;
    }
}
