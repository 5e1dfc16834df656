package io.clocktower.http;

import io.netty.channel.Channel;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * The open connections, and their limit. When the limit is reached, the connection that has been idle longest is closed for a
 * new one, so clients that send nothing do not lock out others. Thread-safe.
 */
public final class HttpConnections {

    /** A connection that was opened just now may be about to send its request. */
    static final long MIN_IDLE_NS = TimeUnit.SECONDS.toNanos(1);

    /** Descriptors above the limit: new connections that wait until an idle one is closed. */
    static final int MAX_WAITING = 16;

    private static final Logger LOG = Logger.getLogger(HttpConnections.class);
    private static final long LOG_INTERVAL_NS = TimeUnit.MINUTES.toNanos(1);

    private final int limit;
    private final Map<Channel, HttpConnection> open = new ConcurrentHashMap<>();
    /** Those that are being closed for a new one. */
    private final Set<Channel> displacing = ConcurrentHashMap.newKeySet();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong displaced = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private long loggedNs = System.nanoTime() - LOG_INTERVAL_NS;

    /**
     * @param limit how many connections may be open at a time, more than 0
     */
    HttpConnections(int limit) {
        this.limit = limit;
    }

    public int limit() {
        return limit;
    }

    /** The number of open connections. */
    public int count() {
        return open.size();
    }

    /** How many idle connections were closed to make room for new ones. */
    public long displaced() {
        return displaced.get();
    }

    /** How many new connections were closed because no open one was idle. */
    public long refused() {
        return refused.get();
    }

    /** Whether another connection may be opened. The places of displaced ones belong to those that wait for them. */
    boolean hasRoom() {
        return open.size() + waiting.get() < limit;
    }

    /** A new connection no longer waits: it is opened, or given up. */
    void onAdmitted() {
        waiting.decrementAndGet();
    }

    void add(Channel channel, HttpConnection connection) {
        open.put(channel, connection);
    }

    void remove(Channel channel) {
        open.remove(channel);
        displacing.remove(channel);
    }

    /**
     * The connection to close for a new one, which then waits, if one is idle. Counts and logs the decision. No connection is
     * chosen twice.
     */
    synchronized Optional<Channel> displace(long nowNs) {
        Optional<Channel> idle = waiting.get() >= MAX_WAITING
                ? Optional.empty()
                : open.entrySet().stream()
                        .filter(each -> !displacing.contains(each.getKey())
                                && each.getValue().idleNs(nowNs) >= MIN_IDLE_NS)
                        .max(Comparator.comparingLong(each -> each.getValue().idleNs(nowNs))).map(Map.Entry::getKey);
        idle.ifPresent(channel -> {
            displacing.add(channel);
            waiting.incrementAndGet();
        });
        (idle.isPresent() ? displaced : refused).incrementAndGet();
        logOnceAMinute(nowNs);
        return idle;
    }

    private synchronized void logOnceAMinute(long nowNs) {
        if (nowNs - loggedNs >= LOG_INTERVAL_NS) {
            loggedNs = nowNs;
            LOG.warnf(
                    "HTTP: all %d connections are in use; %d idle ones were closed for new ones and %d new ones refused"
                            + " since the start",
                    limit, displaced.get(), refused.get());
        }
    }
}
