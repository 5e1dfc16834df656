package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le64;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A split virtqueue from the device's side. VIRTIO 1.4, "Split Virtqueues".
 *
 * <p>
 * Every access to the rings is a plain access, one to an index or to flags of its own size, and fences order them. The JVM
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

    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;
    private static final int INDEX_MASK = 0xffff;
    private static final int PUSHED_AT_MOST = 64;
    /** In place of the index of the next descriptor. */
    private static final int END = -1;
    /** A driver makes progress only so often between two accesses of ours; a hostile one writes on for ever. */
    private static final int LEAVE_TRIES = 16;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final IndirectTable indirect = new IndirectTable();
    private SplitRing ring;
    private MemoryTable memory;
    private int availIndex;
    private int availIndexSeen;
    private int looks;
    private int usedIndex;
    /**
     * Elements of the used ring before it. They are written together: a store to memory that the driver has at hand holds up those
     * behind it, of which a request makes dozens.
     */
    private final long[] pushed = new long[PUSHED_AT_MOST];
    private int pushedCount;
    private int usedIndexShown;
    private int usedIndexNotified;
    private boolean isFirstNotification = true;
    /** Whether a turn ended within a chain: it goes on at nextIndex, of the indirect table if that has entries. */
    private boolean isInChain;
    private int nextIndex = END;

    /**
     * @param features the negotiated ones, as masks of {@link Feature}
     * @param base the available index to begin at; the used index goes on from where the ring says it is
     */
    SplitVirtqueue(RingAreas areas, MemoryTable memory, long features, int base) {
        ring = new SplitRing(areas, memory.log());
        this.memory = memory;
        hasIndirect = (features & Feature.INDIRECT_DESC) != 0;
        hasEventIdx = (features & Feature.EVENT_IDX) != 0;
        availIndex = base & INDEX_MASK;
        availIndexSeen = availIndex;
        usedIndex = ring.usedIndex();
        usedIndexShown = usedIndex;
        usedIndexNotified = usedIndex;
    }

    @Override
    public void remap(RingAreas areas, MemoryTable memory) {
        ring = new SplitRing(areas, memory.log());
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
        int index = nextIndex;
        if (isInChain) {
            // After an error the next walk begins at the head again.
            isInChain = false;
        } else {
            if (!hasAvailable()) {
                return false;
            }
            index = ring.availableHead(availIndex);
            indirect.clear();
            chain.begin();
            chain.identify(index, 1);
        }
        nextIndex = indirect.entries() == 0 ? walk(index, chain, budget) : walkTable(index, chain, budget);
        if (nextIndex != END) {
            isInChain = true;
            return false;
        }
        chain.end();
        budget.onBuffer();
        availIndex = availIndex + 1 & INDEX_MASK;
        return true;
    }

    private boolean hasAvailable() throws VirtqueueException {
        if (availIndex != availIndexSeen) {
            return true;
        }
        int index = ring.availableIndex();
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
        return ring.availableIndex() != availIndex;
    }

    @Override
    public int looks() {
        return looks;
    }

    /**
     * Walks through the descriptor table.
     *
     * @return where the walk goes on, if the budget was spent before the end of the chain; {@link #END} otherwise
     */
    private int walk(int first, DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        MemorySegment descriptors = ring.descriptors();
        int index = first;
        do {
            if (index >= ring.size()) {
                throw new VirtqueueException("descriptor %d is outside a table of %d".formatted(index, ring.size()));
            }
            long at = (long) DescriptorWords.BYTES * index;
            long address = le64(descriptors, at);
            long others = le64(descriptors, at + DescriptorWords.SECOND_WORD);
            int flags = DescriptorWords.firstLe16(others);
            if ((flags & DESC_F_INDIRECT) != 0) {
                // The table ends the chain. The write flag of the descriptor that names it means nothing.
                indirect.open(hasIndirect, (flags & DESC_F_NEXT) == 0, address, DescriptorWords.length(others));
                return walkTable(0, chain, budget);
            }
            budget.onDescriptor(add(chain, address, others));
            if ((flags & DESC_F_NEXT) == 0) {
                return END;
            }
            index = DescriptorWords.secondLe16(others);
        } while (!budget.isSpent());
        return index;
    }

    /** The same through an indirect table. */
    private int walkTable(int first, DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        int index = first;
        do {
            if (index >= indirect.entries()) {
                throw new VirtqueueException("descriptor %d is outside an indirect table of %d".formatted(index,
                        indirect.entries()));
            }
            long[] descriptor = indirect.descriptor(memory, index);
            long others = descriptor[1];
            int flags = DescriptorWords.firstLe16(others);
            if ((flags & DESC_F_INDIRECT) != 0) {
                throw new VirtqueueException("indirect descriptor in an indirect table");
            }
            budget.onDescriptor(add(chain, descriptor[0], others));
            if ((flags & DESC_F_NEXT) == 0) {
                return END;
            }
            index = DescriptorWords.secondLe16(others);
        } while (!budget.isSpent());
        return index;
    }

    private int add(DescriptorChain chain, long address, long others) throws VirtqueueException {
        boolean isWritable = (DescriptorWords.firstLe16(others) & DESC_F_WRITE) != 0;
        return chain.add(memory, address, DescriptorWords.length(others), isWritable, ring.size());
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        pushed[pushedCount++] = SplitRing.usedElement(chain.id(), usedLength);
        usedIndex = usedIndex + 1 & INDEX_MASK;
        if (pushedCount == pushed.length) {
            writePushed();
        }
    }

    private void writePushed() {
        for (int i = 0; i < pushedCount; i++) {
            ring.setUsed(usedIndex - pushedCount + i, pushed[i]);
        }
        pushedCount = 0;
    }

    @Override
    public boolean catchUp() {
        // Buffers are used in the order in which they are available, and the used index is in the ring.
        int used = ring.usedIndex();
        int more = used - usedIndex & INDEX_MASK;
        if (more == 0) {
            return false;
        }
        isInChain = false;
        availIndex = availIndex + more & INDEX_MASK;
        availIndexSeen = availIndex;
        usedIndex = used;
        usedIndexShown = used;
        usedIndexNotified = used;
        return true;
    }

    @Override
    public void show() {
        if (usedIndexShown == usedIndex) {
            return;
        }
        writePushed();
        VarHandle.releaseFence();
        ring.setUsedIndex(usedIndex);
        usedIndexShown = usedIndex;
    }

    @Override
    public boolean publish() {
        show();
        int before = usedIndexNotified;
        int count = usedIndex - before & INDEX_MASK;
        if (count == 0) {
            return false;
        }
        usedIndexNotified = usedIndex;
        VarHandle.fullFence();
        if (!hasEventIdx) {
            return ring.isInterruptWanted();
        }
        if (isFirstNotification) {
            // The driver may have set used_event when the device counted from elsewhere.
            isFirstNotification = false;
            return true;
        }
        return (ring.usedEvent() - before & INDEX_MASK) < count;
    }

    @Override
    public void disableNotifications() {
        if (!hasEventIdx) {
            ring.setNotifyWanted(false);
        }
        // With VIRTIO_F_EVENT_IDX, an avail_event that stays behind suppresses them, and the flags MUST be 0.
    }

    @Override
    public boolean enableNotifications() throws VirtqueueException {
        if (hasEventIdx) {
            ring.setAvailEvent(availIndex);
        } else {
            ring.setNotifyWanted(true);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }

    @Override
    public boolean leaveNotificationsOn() {
        if (!hasEventIdx) {
            ring.setNotifyWanted(true);
            VarHandle.fullFence();
            return ring.availableIndex() != availIndex;
        }
        // The driver notifies us when it passes avail_event, so that has to be where the driver is.
        int index = ring.availableIndex();
        for (int i = 0; i < LEAVE_TRIES; i++) {
            ring.setAvailEvent(index);
            VarHandle.fullFence();
            int before = index;
            index = ring.availableIndex();
            if (index == before) {
                break;
            }
        }
        return index != availIndex;
    }
}
