package io.clocktower.linux;

import java.util.concurrent.TimeUnit;

/**
 * How long a {@link Reactor} looks for the next request after one, in place of sleeping. The window grows while requests follow
 * one another so closely that it can catch them, and shrinks to nothing while they do not. One thread owns it, but for
 * {@link #allow}.
 */
final class PollWindow {

    /** Where it begins: less catches nothing. */
    static final long LEAST_NS = TimeUnit.MICROSECONDS.toNanos(10);
    private static final int GROWTH = 2;
    private static final int SHRINKAGE = 4;
    /** A look takes less; one that took longer had to leave the processor to others. */
    static final long AWAY_NS = TimeUnit.MICROSECONDS.toNanos(50);
    /** For how much longer than they had it the processor is left to others. */
    static final int PATIENCE = 10;
    private static final long LONGEST_PATIENCE_NS = TimeUnit.SECONDS.toNanos(1);

    private long windowNs;
    private long lastRequestNs;
    private long offUntilNs;
    private volatile boolean isAllowed = true;

    PollWindow(long nowNs) {
        lastRequestNs = nowNs;
        offUntilNs = nowNs;
    }

    /**
     * A request came.
     *
     * @param boundNs how long the window may be for those that asked
     * @return how long to look for the next one; 0 not to look
     */
    long onRequest(long nowNs, long boundNs) {
        long gapNs = nowNs - lastRequestNs;
        lastRequestNs = nowNs;
        if (gapNs > boundNs) {
            windowNs /= SHRINKAGE;
            if (windowNs < LEAST_NS) {
                windowNs = 0;
            }
        } else if (windowNs < GROWTH * gapNs || windowNs == 0) {
            windowNs = Math.max(LEAST_NS, GROWTH * windowNs);
        }
        return isAllowed && nowNs - offUntilNs >= 0 ? Math.min(windowNs, boundNs) : 0;
    }

    /**
     * A look took this long. Where others want the processor, it is left to them for a while.
     *
     * @return whether to go on looking
     */
    boolean onLook(long nowNs, long tookNs) {
        if (tookNs > AWAY_NS) {
            offUntilNs = nowNs + Math.min(LONGEST_PATIENCE_NS, PATIENCE * tookNs);
            return false;
        }
        return isAllowed;
    }

    /** Whether to look at all. Any thread may say so. */
    void allow(boolean isAllowed) {
        this.isAllowed = isAllowed;
    }
}
