package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * How accurate the kernel says its wall clock is, as a time daemon set it with adjtimex(2). Here it is only read.
 *
 * <pre>
 * struct timex, of 64-bit Linux: 208 bytes
 *    0 u32 modes          which fields to set; here none
 *   24 i64 maxerror       in microseconds; grows with time, to 16 s, unless it is reset
 *   32 i64 esterror       in microseconds
 *   40 i32 status         STA_...
 *  160 i32 tai            TAI less UTC, in seconds; 0 until it is set
 * </pre>
 *
 * @param state what the kernel does about a leap second: 0 TIME_OK, 1 TIME_INS, 2 TIME_DEL, 3 TIME_OOP, 4 TIME_WAIT; or 5
 *        TIME_ERROR, for a clock that is not synchronized
 * @param isSynchronized whether a time daemon disciplines the clock: STA_UNSYNC is not set
 * @param maxErrorNs how far it is off at most
 * @param estimatedErrorNs how far it is probably off
 * @param taiOffsetSeconds TAI less UTC; 0 if the kernel was not told
 */
public record ClockDiscipline(int state, boolean isSynchronized, long maxErrorNs, long estimatedErrorNs,
        int taiOffsetSeconds) {

    private static final int STA_UNSYNC = 0x40;

    private static final long TIMEX_BYTES = 208;
    private static final long MAXERROR_OFFSET = 24;
    private static final long ESTERROR_OFFSET = 32;
    private static final long STATUS_OFFSET = 40;
    private static final long TAI_OFFSET = 160;
    private static final long NS_A_MICROSECOND = 1_000;

    /**
     * The C library's adjtimex is clock_adjtime to the kernel, which the filters of container engines deny to processes
     * that may not set the time. They allow adjtimex.
     */
    private static final long SYS_ADJTIMEX = NativeCalls.number(159, 171);
    private static final MethodHandle SYSCALL = NativeCalls.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS));

    /** Asks the kernel; empty where a filter of system calls denies the call. */
    public static Optional<ClockDiscipline> read() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment timex = arena.allocate(TIMEX_BYTES, JAVA_LONG.byteAlignment());
            int state = (int) (long) SYSCALL.invokeExact(NativeCalls.state(), SYS_ADJTIMEX, timex);
            return state == -1 ? Optional.empty() : Optional.of(of(state, timex));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static ClockDiscipline of(int state, MemorySegment timex) {
        return new ClockDiscipline(state, (Fields.i32(timex, STATUS_OFFSET) & STA_UNSYNC) == 0,
                Fields.i64(timex, MAXERROR_OFFSET) * NS_A_MICROSECOND,
                Fields.i64(timex, ESTERROR_OFFSET) * NS_A_MICROSECOND, Fields.i32(timex, TAI_OFFSET));
    }
}
