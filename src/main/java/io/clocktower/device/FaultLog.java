package io.clocktower.device;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * A device's faults in the log, few enough that nobody can flood it: a guest's once a kind, a front-end's once a kind
 * and minute. One thread owns it.
 */
final class FaultLog {

    /** Whose fault it is, and of what kind. */
    enum Kind {
        RING_ERROR(Long.MAX_VALUE), PROTOCOL_ERROR(TimeUnit.MINUTES.toNanos(1)), FRONT_END_REFUSED(
                TimeUnit.MINUTES.toNanos(1)), CONNECTION(
                        TimeUnit.MINUTES.toNanos(1)), ACCEPT_FAILED(TimeUnit.MINUTES.toNanos(1));

        private final long intervalNs;

        Kind(long intervalNs) {
            this.intervalNs = intervalNs;
        }
    }

    private static final class Past {
        private long loggedNs;
        private long unlogged;
    }

    private static final Logger LOG = Logger.getLogger(HostedDevice.class);

    private final String device;
    private final LongSupplier clock;
    private final Map<Kind, Past> pasts = new EnumMap<>(Kind.class);

    /**
     * @param clock a monotonic one, in nanoseconds
     */
    FaultLog(String device, LongSupplier clock) {
        this.device = device;
        this.clock = clock;
    }

    /** Logs the fault, or counts it for the next line of its kind. */
    void report(Kind kind, String message) {
        long nowNs = clock.getAsLong();
        Past past = pasts.get(kind);
        if (past == null) {
            past = new Past();
            pasts.put(kind, past);
        } else if (nowNs - past.loggedNs < kind.intervalNs) {
            past.unlogged++;
            return;
        }
        LOG.warnf("%s: %s%s", device, message, past.unlogged == 0 ? "" : " (and " + past.unlogged + " like it before)");
        past.loggedNs = nowNs;
        past.unlogged = 0;
    }
}
