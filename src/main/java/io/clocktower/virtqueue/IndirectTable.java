package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryTable;

/** The rules for an indirect descriptor, the same in both ring formats. */
final class IndirectTable {

    private IndirectTable() {}

    /**
     * Checks a descriptor that names an indirect table.
     *
     * @param isNegotiated whether VIRTIO_F_INDIRECT_DESC was negotiated
     * @param isLast whether the descriptor ends its chain, as it must
     * @return how many descriptors the table has
     * @throws VirtqueueException if the driver must not make such a table
     */
    static long entries(boolean isNegotiated, boolean isLast, long address, long bytes) throws VirtqueueException {
        if (!isNegotiated) {
            throw new VirtqueueException("indirect descriptor without VIRTIO_F_INDIRECT_DESC");
        }
        if (!isLast) {
            throw new VirtqueueException("indirect descriptor in a chain with others");
        }
        if (bytes == 0 || bytes % DescriptorCopy.BYTES != 0) {
            throw new VirtqueueException("indirect table of %d bytes".formatted(bytes));
        }
        if (MemoryTable.wraps(address, bytes)) {
            throw new VirtqueueException("indirect table of %d bytes at %#x wraps".formatted(bytes, address));
        }
        return bytes / DescriptorCopy.BYTES;
    }
}
