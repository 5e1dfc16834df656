package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The kernel's clocks, in nanoseconds. Thread-safe; a read neither allocates nor, as a rule, enters the kernel. */
public enum SystemClock {

    REALTIME(0), BOOTTIME(7), TAI(11);

    private static final long TIMESPEC_BYTES = 16;
    private static final long NSEC_OFFSET = 8;
    private static final long NS_A_SECOND = 1_000_000_000;

    private static final MethodHandle CLOCK_GETTIME = NativeCalls.critical("clock_gettime",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    private static final ThreadLocal<MemorySegment> TIMESPEC = NativeCalls.scratch(TIMESPEC_BYTES);

    private final int id;

    SystemClock(int id) {
        this.id = id;
    }

    /** The clock's reading now. */
    public long readNs() {
        MemorySegment timespec = TIMESPEC.get();
        try {
            int result = (int) CLOCK_GETTIME.invokeExact(id, timespec);
            assert result == 0 : "every supported kernel has CLOCK_" + this;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
        return timespec.get(JAVA_LONG, 0) * NS_A_SECOND + timespec.get(JAVA_LONG, NSEC_OFFSET);
    }
}
