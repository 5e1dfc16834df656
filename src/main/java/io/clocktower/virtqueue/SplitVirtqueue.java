package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le16;
import static io.clocktower.memory.LittleEndian.setLe16;
import static io.clocktower.memory.LittleEndian.setLe32;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
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
 * Every access to the rings is a plain access of a size that the processor makes at once, and fences order them. The JVM
 * survives a page fault without memory (SIGBUS) at a plain access; at an interpreted 16-bit access of a stronger mode it
 * would end. The fences, each with the driver's barrier that it pairs with (Linux's names):
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
    /** A driver makes progress only so often between two accesses of ours; a hostile one writes on for ever. */
    private static final int LEAVE_TRIES = 16;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final DescriptorCopy descriptor = new DescriptorCopy();
    private RingAreas ring;
    private MemoryTable memory;
    private int availIndex;
    private int availIndexSeen;
    private int looks;
    private int usedIndex;
    private int usedIndexNotified;
    private boolean isFirstNotification = true;
    /** Whether a turn ended within a chain: it goes on at nextIndex, in an indirect table unless that has 0 entries. */
    private boolean isInChain;
    private int nextIndex;
    private long table;
    private long tableEntries;

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
        usedIndex = le16(ring.deviceArea(), RING_INDEX_OFFSET);
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
        // The pieces of a chain may lie in memory that is gone.
        isInChain = false;
    }

    @Override
    public int base() {
        return availIndex;
    }

    @Override
    public boolean pop(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        if (!isInChain && !beginChain(chain)) {
            return false;
        }
        // After an error the next walk begins at the head again.
        isInChain = false;
        if (!(tableEntries == 0 ? walk(chain, budget) : walkTable(chain, budget))) {
            isInChain = true;
            return false;
        }
        budget.onBuffer();
        availIndex = availIndex + 1 & INDEX_MASK;
        return true;
    }

    private boolean beginChain(DescriptorChain chain) throws VirtqueueException {
        if (!hasAvailable()) {
            return false;
        }
        nextIndex = le16(ring.driverArea(), RING_OFFSET + AVAILABLE_BYTES * (availIndex & ring.size() - 1));
        tableEntries = 0;
        chain.begin();
        chain.identify(nextIndex, 1);
        return true;
    }

    private boolean hasAvailable() throws VirtqueueException {
        if (availIndex != availIndexSeen) {
            return true;
        }
        int index = driversIndex();
        VarHandle.acquireFence();
        int count = index - availIndex & INDEX_MASK;
        if (count > ring.size()) {
            throw new VirtqueueException("available index leaps from %d to %d in a ring of %d".formatted(availIndex,
                    index, ring.size()));
        }
        availIndexSeen = index;
        looks++;
        return count > 0;
    }

    @Override
    public boolean isReady() {
        return driversIndex() != availIndex;
    }

    @Override
    public int looks() {
        return looks;
    }

    /**
     * Walks through the descriptor table, from {@link #nextIndex} on.
     *
     * @return false if the budget was spent before the end of the chain
     */
    private boolean walk(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        int index = nextIndex;
        while (true) {
            if (index >= ring.size()) {
                throw new VirtqueueException("descriptor %d is outside a table of %d".formatted(index, ring.size()));
            }
            descriptor.copyFrom(ring.descriptorArea(), index);
            int flags = descriptor.firstLe16();
            if ((flags & DESC_F_INDIRECT) != 0) {
                // The table ends the chain. The write flag of the descriptor that names it means nothing.
                table = descriptor.address();
                tableEntries = IndirectTable.entries(hasIndirect, (flags & DESC_F_NEXT) == 0, table,
                        descriptor.length());
                nextIndex = 0;
                return walkTable(chain, budget);
            }
            budget.onDescriptor(add(chain, flags));
            if ((flags & DESC_F_NEXT) == 0) {
                return true;
            }
            index = descriptor.secondLe16();
            if (budget.isSpent()) {
                nextIndex = index;
                return false;
            }
        }
    }

    /** The same through an indirect table. */
    private boolean walkTable(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        int index = nextIndex;
        while (true) {
            if (index >= tableEntries) {
                throw new VirtqueueException("descriptor %d is outside an indirect table of %d".formatted(index,
                        tableEntries));
            }
            descriptor.copyFrom(memory, table, index);
            int flags = descriptor.firstLe16();
            if ((flags & DESC_F_INDIRECT) != 0) {
                throw new VirtqueueException("indirect descriptor in an indirect table");
            }
            budget.onDescriptor(add(chain, flags));
            if ((flags & DESC_F_NEXT) == 0) {
                return true;
            }
            index = descriptor.secondLe16();
            if (budget.isSpent()) {
                nextIndex = index;
                return false;
            }
        }
    }

    private int add(DescriptorChain chain, int flags) throws VirtqueueException {
        return chain.add(memory, descriptor.address(), descriptor.length(), (flags & DESC_F_WRITE) != 0, ring.size());
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        long entry = RING_OFFSET + USED_BYTES * (usedIndex & ring.size() - 1);
        setLe32(ring.deviceArea(), entry, chain.id());
        setLe32(ring.deviceArea(), entry + USED_LENGTH_OFFSET, usedLength);
        usedIndex = usedIndex + 1 & INDEX_MASK;
        if (ring.isLogged()) {
            mark(entry, USED_BYTES);
        }
    }

    /** Marks what has been written to the device area, for a front-end that migrates the guest. */
    private void mark(long offset, long bytes) {
        memory.log().mark(ring.deviceLog() + offset, bytes);
    }

    private void setFlags(int flags) {
        setLe16(ring.deviceArea(), RING_FLAGS_OFFSET, flags);
        if (ring.isLogged()) {
            mark(RING_FLAGS_OFFSET, Short.BYTES);
        }
    }

    private void setAvailEvent(int index) {
        long offset = usedBytes(ring.size(), false);
        setLe16(ring.deviceArea(), offset, index);
        if (ring.isLogged()) {
            mark(offset, Short.BYTES);
        }
    }

    /** Buffers are used in the order in which they are available, and the used index is in the ring. */
    static int usedIndex(MemorySegment deviceArea) {
        return le16(deviceArea, RING_INDEX_OFFSET);
    }

    @Override
    public boolean catchUp() {
        int used = le16(ring.deviceArea(), RING_INDEX_OFFSET);
        int more = used - usedIndex & INDEX_MASK;
        if (more == 0) {
            return false;
        }
        isInChain = false;
        availIndex = availIndex + more & INDEX_MASK;
        availIndexSeen = availIndex;
        usedIndex = used;
        usedIndexNotified = used;
        return true;
    }

    @Override
    public boolean publish() {
        int before = usedIndexNotified;
        int pushed = usedIndex - before & INDEX_MASK;
        if (pushed == 0) {
            return false;
        }
        VarHandle.releaseFence();
        setLe16(ring.deviceArea(), RING_INDEX_OFFSET, usedIndex);
        if (ring.isLogged()) {
            mark(RING_INDEX_OFFSET, Short.BYTES);
        }
        usedIndexNotified = usedIndex;
        VarHandle.fullFence();
        if (!hasEventIdx) {
            return (le16(ring.driverArea(), RING_FLAGS_OFFSET) & AVAIL_F_NO_INTERRUPT) == 0;
        }
        if (isFirstNotification) {
            // The driver may have set used_event when the device counted from elsewhere.
            isFirstNotification = false;
            return true;
        }
        int usedEvent = le16(ring.driverArea(), availableBytes(ring.size(), false));
        return (usedEvent - before & INDEX_MASK) < pushed;
    }

    @Override
    public void disableNotifications() {
        if (!hasEventIdx) {
            setFlags(USED_F_NO_NOTIFY);
        }
        // With VIRTIO_F_EVENT_IDX, an avail_event that stays behind suppresses them, and the flags MUST be 0.
    }

    @Override
    public boolean enableNotifications() throws VirtqueueException {
        if (hasEventIdx) {
            setAvailEvent(availIndex);
        } else {
            setFlags(0);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }

    @Override
    public boolean leaveNotificationsOn() {
        if (!hasEventIdx) {
            setFlags(0);
            VarHandle.fullFence();
            return driversIndex() != availIndex;
        }
        // The driver notifies us when it passes avail_event, so that has to be where the driver is.
        int index = driversIndex();
        for (int i = 0; i < LEAVE_TRIES; i++) {
            setAvailEvent(index);
            VarHandle.fullFence();
            int before = index;
            index = driversIndex();
            if (index == before) {
                break;
            }
        }
        return index != availIndex;
    }

    private int driversIndex() {
        return le16(ring.driverArea(), RING_INDEX_OFFSET);
    }
}
