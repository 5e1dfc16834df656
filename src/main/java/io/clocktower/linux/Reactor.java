package io.clocktower.linux;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * An epoll instance whose events find their handlers, deadlines, and work that a handler put off to the next turn. One
 * thread owns it and runs {@link #turn} over and over; all methods are for that thread.
 *
 * <p>
 * A turn reads the clock once. No handler's failure reaches another's: it goes to the consumer given to {@link #turn}.
 */
public final class Reactor implements AutoCloseable {

    private static final int EVENTS_A_TURN = 64;
    private static final int FOR_EVER = -1;

    private final Epoll epoll = new Epoll(EVENTS_A_TURN);
    private final LongSupplier clock;
    private final List<Watch> watches = new ArrayList<>();
    private final List<Deadline> deadlines = new ArrayList<>();
    private ArrayDeque<Runnable> putOff = new ArrayDeque<>();
    private ArrayDeque<Runnable> dueThisTurn = new ArrayDeque<>();
    private int watchesMade;
    private long nowNs;

    /**
     * @param clock a monotonic clock, in nanoseconds
     */
    public Reactor(LongSupplier clock) {
        this.clock = clock;
        nowNs = clock.getAsLong();
    }

    /** What one descriptor is watched for. Its slot may be used again, so its token carries a number of its own too. */
    public final class Watch implements AutoCloseable {

        private final int fd;
        private final EpollHandler handler;
        private final long token;

        private Watch(int fd, EpollHandler handler, int slot) {
            this.fd = fd;
            this.handler = handler;
            token = (long) ++watchesMade << Integer.SIZE | slot;
        }

        private int slot() {
            return (int) token;
        }

        /** Ends the watch, after which no event of it comes; the descriptor must still be open. */
        @Override
        public void close() {
            if (watches.get(slot()) == this) {
                watches.set(slot(), null);
                epoll.remove(fd);
            }
        }
    }

    /** Watches a descriptor until the watch is closed. */
    public Watch watch(int fd, int interest, EpollHandler handler) {
        int slot = watches.indexOf(null);
        if (slot == -1) {
            slot = watches.size();
            watches.add(null);
        }
        var watch = new Watch(fd, handler, slot);
        epoll.add(fd, interest, watch.token);
        watches.set(slot, watch);
        return watch;
    }

    /** A deadline, not set yet. */
    public Deadline deadline(Runnable onExpiry) {
        return new Deadline(this, onExpiry);
    }

    /** Runs {@code work} in the next turn, which then does not wait for events. */
    public void putOff(Runnable work) {
        putOff.add(work);
    }

    /** The time of this turn. */
    public long nowNs() {
        return nowNs;
    }

    /** Waits until there is something to do, and does it. */
    public void turn(Consumer<Throwable> onFailure) {
        int count = epoll.await(timeoutMs());
        nowNs = clock.getAsLong();
        for (int i = 0; i < count; i++) {
            long token = epoll.token(i);
            Watch watch = watches.get((int) token);
            if (watch != null && watch.token == token) {
                try {
                    watch.handler.onReady(epoll.happened(i));
                } catch (Throwable failure) {
                    onFailure.accept(failure);
                }
            }
        }
        runPutOff(onFailure);
        expireDeadlines(onFailure);
    }

    private int timeoutMs() {
        if (!putOff.isEmpty()) {
            return 0;
        }
        long timeoutMs = Long.MAX_VALUE;
        long beforeNs = deadlines.isEmpty() ? 0 : clock.getAsLong();
        for (int i = 0; i < deadlines.size(); i++) {
            long remainingNs = Math.max(0, deadlines.get(i).remainingNs(beforeNs));
            timeoutMs = Math.min(timeoutMs, TimeUnit.NANOSECONDS.toMillis(remainingNs) + 1);
        }
        return timeoutMs == Long.MAX_VALUE ? FOR_EVER : (int) Math.min(timeoutMs, Integer.MAX_VALUE);
    }

    private void runPutOff(Consumer<Throwable> onFailure) {
        ArrayDeque<Runnable> due = putOff;
        putOff = dueThisTurn;
        dueThisTurn = due;
        for (Runnable work = due.poll(); work != null; work = due.poll()) {
            try {
                work.run();
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
    }

    private void expireDeadlines(Consumer<Throwable> onFailure) {
        for (int i = deadlines.size() - 1; i >= 0; i--) {
            // An expiry may clear others of them.
            if (i < deadlines.size() && deadlines.get(i).remainingNs(nowNs) <= 0) {
                try {
                    deadlines.get(i).expire();
                } catch (Throwable failure) {
                    onFailure.accept(failure);
                }
            }
        }
    }

    void armed(Deadline deadline) {
        deadlines.add(deadline);
    }

    void disarmed(Deadline deadline) {
        deadlines.remove(deadline);
    }

    @Override
    public void close() {
        epoll.close();
    }
}
