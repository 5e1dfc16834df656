package io.clocktower.event;

/** Lets through a burst, and then one in a time. Allocates nothing. One thread owns it. */
final class TokenBucket {

    private final int burst;
    private final long intervalNs;
    private int tokens;
    private long refilledNs;

    /**
     * @param burst how many may pass at once, after a long rest
     * @param intervalNs how long until one more may pass
     */
    TokenBucket(int burst, long intervalNs, long nowNs) {
        this.burst = burst;
        this.intervalNs = intervalNs;
        tokens = burst;
        refilledNs = nowNs;
    }

    /** Whether one may pass at this time, which must not be earlier than in the previous call. */
    boolean take(long nowNs) {
        long more = (nowNs - refilledNs) / intervalNs;
        if (tokens + more >= burst) {
            tokens = burst;
            refilledNs = nowNs;
        } else {
            tokens += (int) more;
            refilledNs += more * intervalNs;
        }
        if (tokens == 0) {
            return false;
        }
        tokens--;
        return true;
    }
}
