package io.clocktower.virtqueue;

import java.lang.foreign.MemorySegment;

/**
 * Where the parts of a split virtqueue lie. VIRTIO 1.4, "Split Virtqueues".
 *
 * <pre>
 * descriptor table, 16 bytes each   available ring             used ring
 *    0 le64 addr                       0 le16 flags               0 le16 flags
 *    8 le32 len                        2 le16 idx                 2 le16 idx
 *   12 le16 flags                      4 le16 ring[size]          4 { le32 id, le32 len }[size]
 *   14 le16 next                         le16 used_event            le16 avail_event
 * </pre>
 *
 * The last field of either ring is there only with VIRTIO_F_EVENT_IDX.
 *
 * @param size how many entries each part has; a power of two, to 32768
 */
public record SplitRing(int size, MemorySegment descriptorTable, MemorySegment available, MemorySegment used) {

    /** The largest size that the specification allows. */
    public static final int MAX_SIZE = 32768;

    static final long DESCRIPTOR_BYTES = 16;
    static final long LENGTH_OFFSET = 8;
    static final long FLAGS_OFFSET = 12;
    static final long NEXT_OFFSET = 14;

    static final long RING_FLAGS_OFFSET = 0;
    static final long RING_INDEX_OFFSET = 2;
    static final long RING_OFFSET = 4;
    static final long AVAILABLE_BYTES = 2;
    static final long USED_BYTES = 8;
    static final long USED_LENGTH_OFFSET = 4;
    private static final long EVENT_BYTES = 2;

    private static final long DESCRIPTOR_TABLE_ALIGNMENT = 16;
    private static final long AVAILABLE_ALIGNMENT = 2;
    private static final long USED_ALIGNMENT = 4;

    /** Whether the specification allows this size. */
    public static boolean isValidSize(int size) {
        return size > 0 && size <= MAX_SIZE && Integer.bitCount(size) == 1;
    }

    public static long descriptorTableBytes(int size) {
        return DESCRIPTOR_BYTES * size;
    }

    public static long availableBytes(int size, boolean eventIdx) {
        return RING_OFFSET + AVAILABLE_BYTES * size + (eventIdx ? EVENT_BYTES : 0);
    }

    public static long usedBytes(int size, boolean eventIdx) {
        return RING_OFFSET + USED_BYTES * size + (eventIdx ? EVENT_BYTES : 0);
    }

    /** Whether addresses of the parts are aligned as the driver MUST align them. */
    public static boolean isAligned(long descriptorTable, long available, long used) {
        return descriptorTable % DESCRIPTOR_TABLE_ALIGNMENT == 0 && available % AVAILABLE_ALIGNMENT == 0
                && used % USED_ALIGNMENT == 0;
    }

    long usedEventOffset() {
        return availableBytes(size, false);
    }

    long availEventOffset() {
        return usedBytes(size, false);
    }
}
