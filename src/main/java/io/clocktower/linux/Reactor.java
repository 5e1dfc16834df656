package io.clocktower.linux;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * An epoll instance whose events find their handlers, deadlines, and work that a handler puts off to the next turn. One
 * thread owns it and runs {@link #turn} over and over; all methods but {@link #busyNs} are for that thread.
 *
 * <p>
 * A turn reads the clock once, or again and again while it looks at what is {@linkplain Polled polled}. What a handler throws
 * reaches no other handler: it goes to the consumer of the reactor that the handler was given to. {@link #failingTo} makes
 * one for handlers that fail together, those of a device for example.
 */
public final class Reactor implements AutoCloseable {

    private final Turns turns;
    private final Consumer<Throwable> onFailure;

    /**
     * @param clock a monotonic clock, in nanoseconds
     * @param onFailure takes what a handler throws
     */
    public Reactor(LongSupplier clock, Consumer<Throwable> onFailure) {
        this(new Turns(clock), onFailure);
    }

    private Reactor(Turns turns, Consumer<Throwable> onFailure) {
        this.turns = turns;
        this.onFailure = onFailure;
    }

    /** The same reactor for handlers whose failures go elsewhere. */
    public Reactor failingTo(Consumer<Throwable> other) {
        return new Reactor(turns, other);
    }

    /** What one descriptor is watched for. */
    public interface Watch extends AutoCloseable {

        /** Ends the watch, after which no event of it comes; the descriptor must still be open. */
        @Override
        void close();
    }

    /** Watches a descriptor until the watch is closed. */
    public Watch watch(int fd, int interest, EpollHandler handler) {
        return turns.watch(fd, interest, handler, onFailure);
    }

    /**
     * Watches one whose handler may take long, until the watch is closed. A turn handles few of these, after all others that
     * are ready, so however many there are, they hold the others up for no longer.
     */
    public Watch watchSlow(int fd, int interest, EpollHandler handler) {
        return turns.watchSlow(fd, interest, handler, onFailure);
    }

    /** With which this thread signals eventfds that front-ends sent. */
    public EventSignals signals() {
        return turns.signals();
    }

    /** A deadline, not set yet. */
    public Deadline deadline(Runnable onExpiry) {
        return new Deadline(turns, onExpiry, onFailure);
    }

    /** Runs {@code work} in the next turn, which then does not wait for events. */
    public void putOff(Runnable work) {
        turns.putOff(work, onFailure);
    }

    /**
     * One had a request, and may have the next one soon.
     *
     * @param boundNs how long to look for that at the most
     * @return whether it is looked at from now on, until {@link Polled#onUnpolled} or {@link #unpoll}: it need not be told of
     *         anything. It may have been looked at before
     */
    public boolean poll(Polled polled, long boundNs) {
        return turns.polling().keep(polled, boundNs, onFailure);
    }

    /** Stops looking at one that has turned its notifications on, or that has ended. */
    public void unpoll(Polled polled) {
        turns.polling().drop(polled);
    }

    /** Whether to look at anything in place of sleeping. Any thread may say so. */
    public void allowPolling(boolean isAllowed) {
        turns.polling().window().allow(isAllowed);
    }

    /** The time of this turn, as it was read last. */
    public long nowNs() {
        return turns.nowNs();
    }

    /**
     * Reads the clock, which is the time of this turn from then on. A handler that a look has found work for is first given the
     * reading before that look, a tenth of a microsecond old: its guest would wait for another one.
     */
    public long readClock() {
        return turns.readClockOnce();
    }

    /** Waits until there is something to do, and does it. */
    public void turn() {
        turns.turn();
    }

    /** When this turn began to do something, which names the turn; {@link Long#MIN_VALUE} while it waits. Any thread may ask. */
    public long busySinceNs() {
        return turns.busySinceNs();
    }

    /** How long this turn has been doing something, in nanoseconds; 0 while it waits. Any thread may ask. */
    public long busyNs() {
        return turns.busyNs();
    }

    @Override
    public void close() {
        turns.close();
    }
}
