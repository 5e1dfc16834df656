package io.clocktower.virtqueue;

import io.clocktower.memory.LittleEndian;
import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;

/**
 * A copy of a descriptor: the driver cannot change it while we look at it. In both ring formats a descriptor is
 * {@code le64 addr, le32 len} and two {@code le16} whose meanings differ.
 */
final class DescriptorCopy {

    static final int BYTES = 16;

    private static final int LE16_MASK = 0xffff;
    private static final int FIRST_LE16_SHIFT = 32;
    private static final int SECOND_LE16_SHIFT = 48;

    private final long[] words = new long[BYTES / Long.BYTES];

    /** Copies the descriptor at {@code index} of a table or a ring. */
    void copyFrom(MemorySegment descriptors, int index) {
        LittleEndian.read(descriptors, (long) BYTES * index, words, 0, BYTES);
    }

    /**
     * Copies the descriptor at {@code index} of an indirect table.
     *
     * @throws OutsideMemoryException if it is outside the guest's memory
     */
    void copyFrom(MemoryTable memory, long table, long index) throws OutsideMemoryException {
        long address = table + BYTES * index;
        if (!memory.copyFromGuest(address, words, BYTES)) {
            throw new OutsideMemoryException(memory.regionAt(address) == null ? address : address + BYTES - 1,
                    "indirect table at %#x is outside the guest's memory".formatted(table));
        }
    }

    long address() {
        return words[0];
    }

    long length() {
        return Integer.toUnsignedLong((int) words[1]);
    }

    /** The field at 12: the flags in a split virtqueue, the buffer id in a packed one. */
    int firstLe16() {
        return (int) (words[1] >>> FIRST_LE16_SHIFT) & LE16_MASK;
    }

    /** The field at 14: the next descriptor in a split virtqueue, the flags in a packed one. */
    int secondLe16() {
        return (int) (words[1] >>> SECOND_LE16_SHIFT);
    }
}
