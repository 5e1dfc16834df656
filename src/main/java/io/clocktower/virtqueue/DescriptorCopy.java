package io.clocktower.virtqueue;

import static io.clocktower.virtqueue.LittleEndian.LE16;
import static io.clocktower.virtqueue.LittleEndian.LE32;
import static io.clocktower.virtqueue.LittleEndian.LE64;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;

/**
 * A copy of a descriptor, which the driver cannot change while it is looked at. Both ring formats begin with {@code le64
 * addr, le32 len} and then have two {@code le16} of their own.
 */
final class DescriptorCopy {

    static final long BYTES = 16;

    private static final long LENGTH_OFFSET = 8;

    private final MemorySegment bytes = MemorySegment.ofArray(new long[2]);

    /** Copies the descriptor at {@code index} of a table or a ring. */
    void copyFrom(MemorySegment descriptors, int index) {
        MemorySegment.copy(descriptors, BYTES * index, bytes, 0, BYTES);
    }

    /**
     * Copies the descriptor at {@code index} of an indirect table.
     *
     * @throws VirtqueueException if it is outside the guest's memory
     */
    void copyFrom(MemoryTable memory, long table, long index) throws VirtqueueException {
        if (!memory.copyFromGuest(table + BYTES * index, bytes, BYTES)) {
            throw new VirtqueueException("indirect table at %#x is outside the guest's memory".formatted(table));
        }
    }

    long address() {
        return bytes.get(LE64, 0);
    }

    long length() {
        return Integer.toUnsignedLong(bytes.get(LE32, LENGTH_OFFSET));
    }

    /** The field at {@code offset}, unsigned. */
    int le16(long offset) {
        return Short.toUnsignedInt(bytes.get(LE16, offset));
    }
}
