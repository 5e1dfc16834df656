package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;

/** An indirect table, and the rules for a descriptor that names one, the same in both ring formats. */
final class IndirectTable {

    private final long[] words = new long[DescriptorWords.BYTES / Long.BYTES];
    private long address;
    private long entries;

    /** No table. */
    void clear() {
        entries = 0;
    }

    /** How many descriptors it has; 0 for none. */
    long entries() {
        return entries;
    }

    /**
     * Goes to the table that a descriptor names.
     *
     * @param isNegotiated whether VIRTIO_F_INDIRECT_DESC was negotiated
     * @param isLast whether the descriptor ends its chain, as it must
     * @throws VirtqueueException if the driver must not make such a table
     */
    void open(boolean isNegotiated, boolean isLast, long address, long bytes) throws VirtqueueException {
        if (!isNegotiated) {
            throw new VirtqueueException("indirect descriptor without VIRTIO_F_INDIRECT_DESC");
        }
        if (!isLast) {
            throw new VirtqueueException("indirect descriptor in a chain with others");
        }
        if (bytes == 0 || bytes % DescriptorWords.BYTES != 0) {
            throw new VirtqueueException("indirect table of %d bytes".formatted(bytes));
        }
        if (MemoryTable.wraps(address, bytes)) {
            throw new VirtqueueException("indirect table of %d bytes at %#x wraps".formatted(bytes, address));
        }
        this.address = address;
        entries = bytes / DescriptorWords.BYTES;
    }

    /**
     * Copies a descriptor.
     *
     * @return its two words, until the next call
     * @throws OutsideMemoryException if it is outside the guest's memory
     */
    long[] descriptor(MemoryTable memory, long index) throws OutsideMemoryException {
        long at = address + DescriptorWords.BYTES * index;
        MemoryRegion region = memory.regionOf(at, DescriptorWords.BYTES);
        if (region != null) {
            memory.read(region, region.guestOffset(at), words, 0, DescriptorWords.BYTES);
        } else if (!memory.copyFromGuest(at, words, DescriptorWords.BYTES)) {
            throw new OutsideMemoryException(memory.regionAt(at) == null ? at : at + DescriptorWords.BYTES - 1,
                    "indirect table at %#x is outside the guest's memory".formatted(address));
        }
        return words;
    }
}
