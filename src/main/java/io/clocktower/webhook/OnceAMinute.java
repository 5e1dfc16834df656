package io.clocktower.webhook;

import java.util.concurrent.TimeUnit;

/** Limits a log line to one per minute. One thread owns it. */
final class OnceAMinute {

    private static final long INTERVAL_NS = TimeUnit.MINUTES.toNanos(1);

    private final Pace pace;
    private boolean isLogged;
    private long loggedNs;

    OnceAMinute(Pace pace) {
        this.pace = pace;
    }

    /** Whether the line may be logged now; then not for a minute. */
    boolean isDue() {
        long nowNs = pace.nowNs();
        if (isLogged && nowNs - loggedNs < INTERVAL_NS) {
            return false;
        }
        isLogged = true;
        loggedNs = nowNs;
        return true;
    }
}
