package io.clocktower.linux;

import java.lang.foreign.MemorySegment;

/** The kernel's clocks, in nanoseconds. Thread-safe; a read neither allocates nor, as a rule, enters the kernel. */
public enum SystemClock {

    REALTIME(0), BOOTTIME(7), TAI(11);

    private static final long TIMESPEC_BYTES = 16;
    private static final long NSEC_OFFSET = 8;
    private static final long NS_A_SECOND = 1_000_000_000;

    private static final ThreadLocal<MemorySegment> TIMESPEC = NativeCalls.scratch(TIMESPEC_BYTES);

    private final int id;

    SystemClock(int id) {
        this.id = id;
    }

    /** The clock's reading now. */
    public long readNs() {
        MemorySegment timespec = TIMESPEC.get();
        int result = HotCalls.clockGettime(id, timespec);
        assert result == 0 : "every supported kernel has CLOCK_" + this;
        return Fields.i64(timespec, 0) * NS_A_SECOND + Fields.i64(timespec, NSEC_OFFSET);
    }
}
