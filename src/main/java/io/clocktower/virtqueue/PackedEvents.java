package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le16;
import static io.clocktower.memory.LittleEndian.setLe16;

import io.clocktower.memory.MemoryTable;
import java.lang.invoke.VarHandle;

/**
 * Event suppression of a packed virtqueue: which side wants to hear of what. VIRTIO 1.4, "Event Suppression Structure Format".
 *
 * <pre>
 * 0 le16 offset in bits 0-14, wrap counter in bit 15
 * 2 le16 flags in bits 0-1
 * </pre>
 */
final class PackedEvents {

    static final long BYTES = 4;

    private static final long FLAGS_OFFSET = 2;
    private static final int FLAGS_MASK = 3;
    private static final int ENABLE = 0;
    private static final int DISABLE = 1;
    private static final int DESC = 2;
    private static final int INDEX_MASK = 0x7fff;
    private static final int WRAP = 0x8000;

    private PackedEvents() {}

    /**
     * Whether the driver wants to hear of the descriptors that were pushed last. A full fence stands before this.
     *
     * @param pushed how many they are
     * @param usedIndex behind the last of them
     */
    static boolean isWanted(RingAreas ring, boolean hasEventIdx, int pushed, int usedIndex, boolean usedWrap) {
        int flags = le16(ring.driverArea(), FLAGS_OFFSET) & FLAGS_MASK;
        if (flags == DESC && hasEventIdx) {
            int event = le16(ring.driverArea(), 0);
            boolean isThisLap = (event & WRAP) != 0 == usedWrap;
            int index = (event & INDEX_MASK) - (isThisLap ? 0 : ring.size());
            return pushed >= ring.size() || index < usedIndex && index >= usedIndex - pushed;
        }
        return flags != DISABLE;
    }

    static void disable(RingAreas ring, MemoryTable memory) {
        setFlags(ring, memory, DISABLE);
    }

    /** Wants to hear of every descriptor. */
    static void enable(RingAreas ring, MemoryTable memory) {
        setFlags(ring, memory, ENABLE);
    }

    /**
     * Wants to hear of one descriptor.
     *
     * @param place its index, and the wrap counter in bit 15
     */
    static void enableAt(RingAreas ring, MemoryTable memory, int place) {
        setLe16(ring.deviceArea(), 0, place);
        VarHandle.releaseFence();
        setFlags(ring, memory, DESC);
    }

    /** Marks the whole structure for a front-end that migrates the guest: the offset may have been written before. */
    private static void setFlags(RingAreas ring, MemoryTable memory, int flags) {
        setLe16(ring.deviceArea(), FLAGS_OFFSET, flags);
        if (ring.isLogged()) {
            memory.log().mark(ring.deviceLog(), BYTES);
        }
    }
}
