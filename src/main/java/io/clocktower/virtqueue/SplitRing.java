package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le16;
import static io.clocktower.memory.LittleEndian.setLe16;
import static io.clocktower.memory.LittleEndian.setLe64;

import io.clocktower.memory.DirtyLog;
import java.lang.foreign.MemorySegment;

/**
 * The fields of a split virtqueue, each read or written by one access. What is written is marked for a front-end that migrates
 * the guest. VIRTIO 1.4, "Split Virtqueues".
 *
 * <pre>
 * descriptor table, 16 bytes each   available ring             used ring
 *    0 le64 addr                       0 le16 flags               0 le16 flags
 *    8 le32 len                        2 le16 idx                 2 le16 idx
 *   12 le16 flags                      4 le16 ring[size]          4 { le32 id, le32 len }[size]
 *   14 le16 next                         le16 used_event            le16 avail_event
 * </pre>
 *
 * The last field of either ring is there only with VIRTIO_F_EVENT_IDX. An entry is named by an index that runs on, of which the
 * lower bits say where in the ring it is.
 */
final class SplitRing {

    private static final long FLAGS_OFFSET = 0;
    private static final long INDEX_OFFSET = 2;
    private static final long RING_OFFSET = 4;
    private static final long AVAILABLE_BYTES = 2;
    private static final long USED_BYTES = 8;
    private static final int USED_LENGTH_SHIFT = 32;
    private static final long EVENT_BYTES = 2;

    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int USED_F_NO_NOTIFY = 1;

    private final int size;
    private final MemorySegment descriptors;
    private final MemorySegment available;
    private final MemorySegment used;
    private final boolean isLogged;
    private final long usedLog;
    private final DirtyLog log;

    SplitRing(RingAreas areas, DirtyLog log) {
        size = areas.size();
        descriptors = areas.descriptorArea();
        available = areas.driverArea();
        used = areas.deviceArea();
        isLogged = areas.isLogged();
        usedLog = areas.deviceLog();
        this.log = log;
    }

    static long availableBytes(int size, boolean hasEventIdx) {
        return RING_OFFSET + AVAILABLE_BYTES * size + (hasEventIdx ? EVENT_BYTES : 0);
    }

    static long usedBytes(int size, boolean hasEventIdx) {
        return RING_OFFSET + USED_BYTES * size + (hasEventIdx ? EVENT_BYTES : 0);
    }

    /** The used index of a ring that is not in use. */
    static int usedIndex(MemorySegment deviceArea) {
        return le16(deviceArea, INDEX_OFFSET);
    }

    /** How many entries the table and either ring have. */
    int size() {
        return size;
    }

    MemorySegment descriptors() {
        return descriptors;
    }

    int availableIndex() {
        return le16(available, INDEX_OFFSET);
    }

    /** The head of a chain that is available. */
    int availableHead(int index) {
        return le16(available, RING_OFFSET + AVAILABLE_BYTES * (index & size - 1));
    }

    /** Whether the driver wants notifications, without VIRTIO_F_EVENT_IDX. */
    boolean isInterruptWanted() {
        return (le16(available, FLAGS_OFFSET) & AVAIL_F_NO_INTERRUPT) == 0;
    }

    int usedEvent() {
        return le16(available, availableBytes(size, false));
    }

    int usedIndex() {
        return usedIndex(used);
    }

    /** How an element of the used ring is written. */
    static long usedElement(int id, int length) {
        return id | (long) length << USED_LENGTH_SHIFT;
    }

    void setUsed(int index, long element) {
        long entry = RING_OFFSET + USED_BYTES * (index & size - 1);
        setLe64(used, entry, element);
        mark(entry, USED_BYTES);
    }

    void setUsedIndex(int index) {
        setLe16(used, INDEX_OFFSET, index);
        mark(INDEX_OFFSET, Short.BYTES);
    }

    /** Whether the device wants notifications, without VIRTIO_F_EVENT_IDX; with it that MUST be so. */
    void setNotifyWanted(boolean isWanted) {
        setLe16(used, FLAGS_OFFSET, isWanted ? 0 : USED_F_NO_NOTIFY);
        mark(FLAGS_OFFSET, Short.BYTES);
    }

    void setAvailEvent(int index) {
        long offset = usedBytes(size, false);
        setLe16(used, offset, index);
        mark(offset, Short.BYTES);
    }

    private void mark(long offset, long bytes) {
        if (isLogged) {
            log.mark(usedLog + offset, bytes);
        }
    }
}
