package io.clocktower.virtqueue;

import static io.clocktower.virtqueue.LittleEndian.LE16;
import static io.clocktower.virtqueue.LittleEndian.LE32;

import io.clocktower.memory.MemoryTable;
import java.lang.invoke.VarHandle;

/**
 * A split virtqueue from the device's side. VIRTIO 1.4, "Split Virtqueues".
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
 * <p>
 * Every access to the rings is a plain one of a size that the processor makes at once, and fences order them: the JVM
 * survives a fault at a plain access, whereas one at an interpreted 16-bit access of a stronger mode ends it. The
 * fences, each with the driver's barrier that it pairs with (Linux's names):
 *
 * <ul>
 * <li>acquire, after the available index is read: the driver's {@code virtio_wmb} between the ring entry and the index;
 * <li>release, before the used index is written: the driver's {@code virtio_rmb} between the index and the ring entry;
 * <li>full, between the used index and the driver's wish for a notification: the driver's {@code virtio_mb} between
 * setting {@code used_event} or the flags and reading the used index again;
 * <li>full, between {@code avail_event} or our flags and the available index: the driver's {@code virtio_mb} between
 * writing that index and reading our wish.
 * </ul>
 */
final class SplitVirtqueue implements Virtqueue {

    private static final long FLAGS_OFFSET = 12;
    private static final long NEXT_OFFSET = 14;

    private static final long RING_FLAGS_OFFSET = 0;
    private static final long RING_INDEX_OFFSET = 2;
    private static final long RING_OFFSET = 4;
    private static final long AVAILABLE_BYTES = 2;
    private static final long USED_BYTES = 8;
    private static final long USED_LENGTH_OFFSET = 4;
    private static final long EVENT_BYTES = 2;

    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;
    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int USED_F_NO_NOTIFY = 1;
    private static final int INDEX_MASK = 0xffff;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final DescriptorCopy descriptor = new DescriptorCopy();
    private RingAreas ring;
    private MemoryTable memory;
    private int availIndex;
    private int availIndexSeen;
    private int usedIndex;
    private int usedIndexNotified;
    private boolean isFirstNotification = true;

    /**
     * @param features the negotiated ones, as masks of {@link Feature}
     * @param base the available index to begin at; the used index goes on from where the ring says it is
     */
    SplitVirtqueue(RingAreas ring, MemoryTable memory, long features, int base) {
        this.ring = ring;
        this.memory = memory;
        hasIndirect = (features & Feature.INDIRECT_DESC) != 0;
        hasEventIdx = (features & Feature.EVENT_IDX) != 0;
        availIndex = base & INDEX_MASK;
        availIndexSeen = availIndex;
        usedIndex = Short.toUnsignedInt(ring.deviceArea().get(LE16, RING_INDEX_OFFSET));
        usedIndexNotified = usedIndex;
    }

    static long availableBytes(int size, boolean hasEventIdx) {
        return RING_OFFSET + AVAILABLE_BYTES * size + (hasEventIdx ? EVENT_BYTES : 0);
    }

    static long usedBytes(int size, boolean hasEventIdx) {
        return RING_OFFSET + USED_BYTES * size + (hasEventIdx ? EVENT_BYTES : 0);
    }

    @Override
    public void remap(RingAreas ring, MemoryTable memory) {
        this.ring = ring;
        this.memory = memory;
    }

    @Override
    public int base() {
        return availIndex;
    }

    @Override
    public boolean pop(DescriptorChain chain) throws VirtqueueException {
        if (!hasAvailable()) {
            return false;
        }
        int head = Short.toUnsignedInt(ring.driverArea().get(LE16,
                RING_OFFSET + AVAILABLE_BYTES * (availIndex & ring.size() - 1)));
        chain.begin();
        chain.identify(head, 1);
        walk(chain, head);
        availIndex = availIndex + 1 & INDEX_MASK;
        return true;
    }

    private boolean hasAvailable() throws VirtqueueException {
        if (availIndex != availIndexSeen) {
            return true;
        }
        int index = Short.toUnsignedInt(ring.driverArea().get(LE16, RING_INDEX_OFFSET));
        VarHandle.acquireFence();
        int count = index - availIndex & INDEX_MASK;
        if (count > ring.size()) {
            throw new VirtqueueException("available index leaps from %d to %d in a ring of %d".formatted(availIndex,
                    index, ring.size()));
        }
        availIndexSeen = index;
        return count > 0;
    }

    private void walk(DescriptorChain chain, int head) throws VirtqueueException {
        int index = head;
        while (true) {
            if (index >= ring.size()) {
                throw new VirtqueueException("descriptor %d is outside a table of %d".formatted(index, ring.size()));
            }
            descriptor.copyFrom(ring.descriptorArea(), index);
            int flags = descriptor.le16(FLAGS_OFFSET);
            if ((flags & DESC_F_INDIRECT) != 0) {
                walkIndirect(chain, flags);
                return;
            }
            add(chain, flags);
            if ((flags & DESC_F_NEXT) == 0) {
                return;
            }
            index = descriptor.le16(NEXT_OFFSET);
        }
    }

    /** The descriptor just copied names a table, which ends the chain; its own write flag means nothing. */
    private void walkIndirect(DescriptorChain chain, int flags) throws VirtqueueException {
        long table = descriptor.address();
        long entries = IndirectTable.entries(hasIndirect, (flags & DESC_F_NEXT) == 0, table, descriptor.length());
        int index = 0;
        while (true) {
            if (index >= entries) {
                throw new VirtqueueException("descriptor %d is outside an indirect table of %d".formatted(index,
                        entries));
            }
            descriptor.copyFrom(memory, table, index);
            int entryFlags = descriptor.le16(FLAGS_OFFSET);
            if ((entryFlags & DESC_F_INDIRECT) != 0) {
                throw new VirtqueueException("indirect descriptor in an indirect table");
            }
            add(chain, entryFlags);
            if ((entryFlags & DESC_F_NEXT) == 0) {
                return;
            }
            index = descriptor.le16(NEXT_OFFSET);
        }
    }

    private void add(DescriptorChain chain, int flags) throws VirtqueueException {
        chain.add(memory, descriptor.address(), descriptor.length(), (flags & DESC_F_WRITE) != 0, ring.size());
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        long entry = RING_OFFSET + USED_BYTES * (usedIndex & ring.size() - 1);
        ring.deviceArea().set(LE32, entry, chain.id());
        ring.deviceArea().set(LE32, entry + USED_LENGTH_OFFSET, usedLength);
        VarHandle.releaseFence();
        usedIndex = usedIndex + 1 & INDEX_MASK;
        ring.deviceArea().set(LE16, RING_INDEX_OFFSET, (short) usedIndex);
    }

    @Override
    public boolean needsNotification() {
        int before = usedIndexNotified;
        int pushed = usedIndex - before & INDEX_MASK;
        if (pushed == 0) {
            return false;
        }
        usedIndexNotified = usedIndex;
        VarHandle.fullFence();
        if (!hasEventIdx) {
            return (ring.driverArea().get(LE16, RING_FLAGS_OFFSET) & AVAIL_F_NO_INTERRUPT) == 0;
        }
        if (isFirstNotification) {
            // The driver may have set used_event when the device counted from elsewhere.
            isFirstNotification = false;
            return true;
        }
        int usedEvent = Short.toUnsignedInt(ring.driverArea().get(LE16, availableBytes(ring.size(), false)));
        return (usedEvent - before & INDEX_MASK) < pushed;
    }

    @Override
    public void disableNotifications() {
        if (!hasEventIdx) {
            ring.deviceArea().set(LE16, RING_FLAGS_OFFSET, (short) USED_F_NO_NOTIFY);
        }
        // With VIRTIO_F_EVENT_IDX, an avail_event that stays behind suppresses them, and the flags MUST be 0.
    }

    @Override
    public boolean enableNotifications() throws VirtqueueException {
        if (hasEventIdx) {
            ring.deviceArea().set(LE16, usedBytes(ring.size(), false), (short) availIndex);
        } else {
            ring.deviceArea().set(LE16, RING_FLAGS_OFFSET, (short) 0);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }
}
