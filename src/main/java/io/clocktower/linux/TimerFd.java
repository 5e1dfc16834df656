package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A timer on CLOCK_REALTIME that expires at its time, and at once when that clock is set. One thread owns it.
 *
 * <pre>
 * struct itimerspec
 *    0 timespec it_interval { i64 tv_sec, i64 tv_nsec }
 *   16 timespec it_value
 * </pre>
 */
public final class TimerFd implements AutoCloseable {

    private static final int CLOCK_REALTIME = 0;
    private static final int TFD_NONBLOCK = 0x800;
    private static final int TFD_CLOEXEC = 0x80000;
    private static final int TFD_TIMER_ABSTIME = 1;
    private static final int TFD_TIMER_CANCEL_ON_SET = 2;
    private static final long ITIMERSPEC_BYTES = 32;
    private static final long VALUE_SECONDS_OFFSET = 16;
    private static final long VALUE_NANOSECONDS_OFFSET = 24;
    private static final long NS_A_SECOND = 1_000_000_000;

    private static final MethodHandle TIMERFD_CREATE = NativeCalls.capturing("timerfd_create",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle TIMERFD_SETTIME = NativeCalls.capturing("timerfd_settime",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle READ = NativeCalls.capturing("read",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    private final Descriptor descriptor;
    private final MemorySegment time;
    private final MemorySegment expirations;

    public TimerFd() {
        Arena arena = Arena.ofAuto();
        time = arena.allocate(ITIMERSPEC_BYTES, Long.BYTES);
        expirations = arena.allocate(JAVA_LONG);
        try {
            descriptor = new Descriptor(NativeCalls.check("timerfd_create",
                    (int) TIMERFD_CREATE.invokeExact(NativeCalls.state(), CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    public int number() {
        return descriptor.number();
    }

    /**
     * Sets the timer, in place of what it was set to before.
     *
     * @param realtimeNs in nanoseconds since 1970-01-01 00:00 UTC, more than 0; at a time that has passed it expires at once
     */
    public void set(long realtimeNs) {
        if (!settime(realtimeNs / NS_A_SECOND, realtimeNs % NS_A_SECOND)) {
            // The clock was stepped, so the time has to be computed again: the timer expires at once.
            settime(0, 1);
        }
    }

    /** Disarms the timer. */
    public void clear() {
        settime(0, 0);
    }

    /** Answers false if the clock was set since the timer was; the timer is set in any case. */
    private boolean settime(long seconds, long nanoseconds) {
        Fields.setI64(time, VALUE_SECONDS_OFFSET, seconds);
        Fields.setI64(time, VALUE_NANOSECONDS_OFFSET, nanoseconds);
        try {
            int result = (int) TIMERFD_SETTIME.invokeExact(NativeCalls.state(), descriptor.number(),
                    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, time, MemorySegment.NULL);
            if (result == -1 && NativeCalls.errno() == Errno.ECANCELED) {
                return false;
            }
            NativeCalls.check("timerfd_settime", result);
            return true;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Reads the expiration, whatever caused it, so that the descriptor is ready again only at the next one. */
    public void acknowledge() {
        try {
            long ignored = (long) READ.invokeExact(NativeCalls.state(), descriptor.number(), expirations,
                    (long) Long.BYTES);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
