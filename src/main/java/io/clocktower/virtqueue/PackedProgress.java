package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le16;
import static io.clocktower.memory.LittleEndian.le64;
import static io.clocktower.memory.LittleEndian.setLe64;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * How far the device came in a packed ring, in 8 bytes that outlive the process. The ring alone does not say so: its used index and
 * wrap counter are the device's.
 *
 * <pre>
 * bits  0-15 used index and wrap counter (in bit 15) before the last buffer was used
 * bits 16-31 the same after it
 * bit  32    1 once the ring is open
 * </pre>
 *
 * It is written before the flags of the used descriptor are. So a process that ends leaves two places, one buffer apart, and the
 * descriptor at the first one tells them apart: it was available there, and only the device makes it anything else. If it is still
 * available, the buffer was not used. If not, it was, whatever the driver has made of the descriptor since.
 */
public final class PackedProgress {

    public static final long BYTES = 8;

    private static final long IS_OPEN = 1L << 32;
    private static final int PLACE = 0xffff;
    private static final int INDEX = 0x7fff;
    private static final int WRAP = 0x8000;

    private PackedProgress() {}

    /** A buffer is about to be used. */
    static void write(MemorySegment progress, int place, int next) {
        setLe64(progress, 0, IS_OPEN | (long) next << Short.SIZE | place);
    }

    /** The ring is stopped, or not set up. */
    public static void clear(MemorySegment progress) {
        setLe64(progress, 0, 0);
    }

    public static boolean isOpen(MemorySegment progress) {
        return le64(progress, 0) != 0;
    }

    /**
     * Where the ring goes on, in the format of SET_VRING_BASE; empty if that is not known.
     *
     * @param descriptorArea of the ring as it is now
     */
    public static OptionalInt base(MemorySegment progress, MemorySegment descriptorArea) {
        long word = le64(progress, 0);
        int place = (int) word & PLACE;
        int next = (int) (word >>> Short.SIZE) & PLACE;
        long entry = DescriptorWords.BYTES * (place & INDEX);
        if (word >>> Integer.SIZE != 1 || entry >= descriptorArea.byteSize()
                || DescriptorWords.BYTES * (next & INDEX) >= descriptorArea.byteSize()) {
            return OptionalInt.empty();
        }
        int flags = le16(descriptorArea, entry + PackedVirtqueue.FLAGS_OFFSET);
        int used = PackedVirtqueue.isAvailable(flags, (place & WRAP) != 0) ? place : next;
        return OptionalInt.of(used << Short.SIZE | used);
    }
}
