package io.clocktower.linux;

import java.lang.foreign.MemorySegment;

/**
 * Reads that never wait, whatever O_NONBLOCK of the open file says: {@code preadv2} with RWF_NOWAIT. Linux 5.8 and later
 * have it for eventfds. Thread-safe.
 *
 * <pre>
 * struct iovec
 *    0 void* iov_base
 *    8 size_t iov_len
 * </pre>
 */
final class NoWaitRead {

    private static final long RWF_NOWAIT = 0x8;
    /** As {@code read} does, at the position of the open file; an eventfd has none. */
    private static final long CURRENT_POSITION = -1;
    private static final long BASE_OFFSET = 0;
    private static final long LENGTH_OFFSET = 8;
    private static final long NUMBER_OFFSET = 16;
    private static final long SCRATCH_BYTES = 24;

    private static final long SYS_PREADV2 = NativeCalls.number(327, 286);
    private static final ThreadLocal<MemorySegment> SCRATCH = NativeCalls.scratch(SCRATCH_BYTES);

    private NoWaitRead() {}

    /** Reads 8 bytes as one number; 0 if there is nothing to read, or if the kernel cannot read without a wait. */
    static long u64(int fd) {
        MemorySegment scratch = SCRATCH.get();
        Fields.setI64(scratch, BASE_OFFSET, scratch.address() + NUMBER_OFFSET);
        Fields.setI64(scratch, LENGTH_OFFSET, Long.BYTES);
        long bytes = HotCalls.preadv2(SYS_PREADV2, fd, scratch, CURRENT_POSITION, RWF_NOWAIT);
        return bytes == Long.BYTES ? Fields.i64(scratch, NUMBER_OFFSET) : 0;
    }
}
