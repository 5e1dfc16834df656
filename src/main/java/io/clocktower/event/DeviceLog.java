package io.clocktower.event;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/**
 * A device's lines in the log that a guest or a front-end can cause: a burst of each kind, then a few a minute. What is left
 * out is counted in the next line of its kind. No kind keeps another one from the log, and no front-end the first line of
 * the next. The device's loop owns it; the lines are written by another thread.
 */
public final class DeviceLog {

    /** What a line is about. */
    public enum Kind {
        // @formatter:off
        CONNECTED(Level.INFO),
        DISCONNECTED(Level.INFO),
        FRONT_END_REFUSED(Level.WARN),
        FRONT_END_LOST(Level.WARN),
        PROTOCOL_ERROR(Level.WARN),
        RING_ERROR(Level.WARN),
        ACCEPT_FAILED(Level.WARN),
        CONNECT_FAILED(Level.WARN),
        MIGRATION(Level.INFO),
        UNEXPECTED(Level.ERROR);
        // @formatter:on

        private final Level level;

        Kind(Level level) {
            this.level = level;
        }
    }

    static final int BURST = 20;
    static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(15);
    private static final int OTHERS_BURST = 10;

    private static final Logger LOG = Logger.getLogger(DeviceLog.class);

    private final String device;
    private final LongSupplier clock;
    private final Executor outbox;
    private final Map<Kind, Past> pasts = new EnumMap<>(Kind.class);

    /** The lines of one kind. */
    private static final class Past {

        private final TokenBucket all;
        /** For the first line of a front-end after one of another front-end. */
        private final TokenBucket others;
        private long pid;
        private long leftOut;

        private Past(long nowNs) {
            all = new TokenBucket(BURST, INTERVAL_NS, nowNs);
            others = new TokenBucket(OTHERS_BURST, INTERVAL_NS, nowNs);
        }
    }

    /**
     * @param clock a monotonic one, in nanoseconds
     * @param outbox writes the lines
     */
    public DeviceLog(String device, LongSupplier clock, Executor outbox) {
        this.device = device;
        this.clock = clock;
        this.outbox = outbox;
        long nowNs = clock.getAsLong();
        for (Kind kind : Kind.values()) {
            pasts.put(kind, new Past(nowNs));
        }
    }

    /**
     * Writes a line, or counts it for the next line of its kind.
     *
     * @param pid the front-end's process that it is about, 0 for none
     */
    public void write(Kind kind, long pid, String message) {
        write(kind, pid, message, null);
    }

    /** The same with a stack trace. */
    public void write(Kind kind, long pid, String message, Throwable failure) {
        Past past = pasts.get(kind);
        long nowNs = clock.getAsLong();
        if (past.all.take(nowNs) || pid != past.pid && past.others.take(nowNs)) {
            String before = past.leftOut == 0 ? "" : " (and " + past.leftOut + " more like it before)";
            past.pid = pid;
            past.leftOut = 0;
            outbox.execute(() -> LOG.log(kind.level, device + ": " + message + before, failure));
        } else {
            past.leftOut++;
        }
    }
}
