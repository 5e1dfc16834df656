package io.clocktower.event;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Limits how many events pass in any second, for what a guest or front-end can cause as often as it likes. Allocates nothing. One thread
 * owns it.
 */
public final class EventLimit {

    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier clock;
    /** When those last let through came, in a circle of which {@link #next} is the oldest. */
    private final long[] passedNs;
    private int next;
    private long passed;
    private long leftOut;

    /**
     * @param clock a monotonic one, in nanoseconds
     */
    public EventLimit(int perSecond, LongSupplier clock) {
        this.clock = clock;
        passedNs = new long[perSecond];
    }

    /** Whether one more may pass; if not it is counted. */
    public boolean passes() {
        long nowNs = clock.getAsLong();
        if (passed >= passedNs.length && nowNs - passedNs[next] < SECOND_NS) {
            leftOut++;
            return false;
        }
        passedNs[next] = nowNs;
        next = (next + 1) % passedNs.length;
        passed++;
        return true;
    }

    /** What the one that passes says of those left out before it, which it thereby has told. */
    public String told() {
        String told = leftOut == 0 ? "" : "; " + leftOut + " events before it were left out";
        leftOut = 0;
        return told;
    }
}
