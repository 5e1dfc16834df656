package io.clocktower.webhook;

import java.util.concurrent.TimeUnit;

/** What may be said once a minute. One thread owns it. */
final class OnceAMinute {

    private static final long INTERVAL_NS = TimeUnit.MINUTES.toNanos(1);

    private final Pace pace;
    private boolean isSaid;
    private long saidNs;

    OnceAMinute(Pace pace) {
        this.pace = pace;
    }

    /** Whether it may be said now, and then not for a minute. */
    boolean isDue() {
        long nowNs = pace.nowNs();
        if (isSaid && nowNs - saidNs < INTERVAL_NS) {
            return false;
        }
        isSaid = true;
        saidNs = nowNs;
        return true;
    }
}
