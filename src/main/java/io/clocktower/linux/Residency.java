package io.clocktower.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Which pages of a mapping exist already (mincore). One that does not is allocated at the first access, and charged to the
 * control group of the process that makes that access. One thread owns it; it does not allocate.
 */
public final class Residency {

    /** The unit of {@link #missing}. */
    public static final long PAGE_BYTES = Mmap.PAGE_BYTES;

    private static final int PAGES_A_CALL = 512;

    private final MemorySegment pages = Arena.ofAuto().allocate(PAGES_A_CALL);

    /**
     * How many pages of a mapped range do not exist.
     *
     * @param address any alignment
     * @param bytes more than 0
     */
    public int missing(long address, long bytes) {
        int missing = 0;
        long end = address + bytes;
        for (long at = address & -PAGE_BYTES; Long.compareUnsigned(at, end) < 0;) {
            int count = (int) Math.min(PAGES_A_CALL, (end - at + PAGE_BYTES - 1) / PAGE_BYTES);
            missing += missingPages(at, count);
            at += count * PAGE_BYTES;
        }
        return missing;
    }

    private int missingPages(long address, int count) {
        if (HotCalls.mincore(address, count * PAGE_BYTES, pages) == -1) {
            return count;
        }
        int missing = 0;
        for (int i = 0; i < count; i++) {
            missing += (Fields.i8(pages, i) & 1) == 0 ? 1 : 0;
        }
        return missing;
    }
}
