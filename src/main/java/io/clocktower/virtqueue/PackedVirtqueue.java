package io.clocktower.virtqueue;

import static io.clocktower.memory.LittleEndian.le16;
import static io.clocktower.memory.LittleEndian.le64;
import static io.clocktower.memory.LittleEndian.setLe64;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A packed virtqueue from the device's side. VIRTIO 1.4, "Packed Virtqueues".
 *
 * <pre>
 * descriptor, 16 bytes
 *    0 le64 addr
 *    8 le32 len
 *   12 le16 id
 *   14 le16 flags
 * </pre>
 *
 * Accesses are plain and ordered by fences, as {@link SplitVirtqueue} explains:
 *
 * <ul>
 * <li>acquire, after a descriptor's flags are read: the driver's {@code virtio_wmb} before it writes them;
 * <li>release, before a used descriptor's flags are written: the driver's {@code virtio_rmb} after it reads them;
 * <li>full, between the used flags and the driver's event suppression: the driver's {@code virtio_mb} between changing
 * that and looking for used descriptors again;
 * <li>full, between our event suppression and the next descriptor's flags: the driver's {@code virtio_mb} between making
 * a descriptor available and reading our event suppression.
 * </ul>
 */
final class PackedVirtqueue implements Virtqueue {

    /** Both indices 0 and both wrap counters 1: a new ring. */
    static final int INITIAL_BASE = 0x8000_8000;

    static final long FLAGS_OFFSET = 14;

    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;
    private static final int DESC_F_AVAIL = 1 << 7;
    private static final int DESC_F_USED = 1 << 15;
    /** How far a look goes: enough for a batch, little for one request. */
    private static final int MAX_LOOK = 64;
    private static final int INDEX_MASK = 0x7fff;
    private static final int WRAP = 0x8000;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final IndirectTable indirect = new IndirectTable();
    private RingAreas ring;
    private MemoryTable memory;
    private int availIndex;
    private boolean availWrap;
    /** How many descriptors from the available index on were seen to be available. */
    private int availSeen;
    private int looks;
    private int usedIndex;
    private boolean usedWrap;
    private int pushedSinceNotified;
    /** Null if no other process goes on with the ring. */
    private MemorySegment progress;
    /** Whether a turn ended within a list: it goes on at nextIndex, or in an indirect table if that has entries. */
    private boolean isInList;
    private int nextIndex;
    private boolean nextWrap;
    private int listEntries;
    private long tablePosition;

    /**
     * @param features the negotiated ones, as masks of {@link Feature}
     * @param base the available index in bits 0-14 and its wrap counter in bit 15, the used ones above them
     * @throws VirtqueueException if an index is outside the ring
     */
    PackedVirtqueue(RingAreas ring, MemoryTable memory, long features, int base) throws VirtqueueException {
        this.ring = ring;
        this.memory = memory;
        goTo(base);
        hasIndirect = (features & Feature.INDIRECT_DESC) != 0;
        hasEventIdx = (features & Feature.EVENT_IDX) != 0;
        if (availIndex >= ring.size() || usedIndex >= ring.size()) {
            throw new VirtqueueException("base %#x is outside a ring of %d".formatted(base, ring.size()));
        }
    }

    private void goTo(int base) {
        availIndex = base & INDEX_MASK;
        availWrap = (base & WRAP) != 0;
        usedIndex = base >>> 16 & INDEX_MASK;
        usedWrap = (base >>> 16 & WRAP) != 0;
    }

    /** A ring that begins with buffers that its driver has not got back from an earlier device has no progress to keep. */
    @Override
    public void keepProgress(MemorySegment kept) {
        progress = availIndex == usedIndex && availWrap == usedWrap ? kept : null;
        if (progress != null) {
            PackedProgress.write(progress, place(), place());
        }
    }

    private int place() {
        return usedIndex | (usedWrap ? WRAP : 0);
    }

    @Override
    public void remap(RingAreas ring, MemoryTable memory) {
        this.ring = ring;
        this.memory = memory;
        // The pieces of a list may lie in memory that is gone.
        isInList = false;
        availSeen = 0;
    }

    @Override
    public int base() {
        return place() << 16 | availIndex | (availWrap ? WRAP : 0);
    }

    @Override
    public boolean pop(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        if (!isInList && !beginList(chain)) {
            return false;
        }
        // After an error the next walk begins at the first descriptor again.
        isInList = false;
        if (!(indirect.entries() == 0 ? walk(chain, budget) : walkTable(chain, budget))) {
            isInList = true;
            return false;
        }
        chain.end();
        budget.onBuffer();
        availSeen = Math.max(0, availSeen - chain.ringEntries());
        availIndex = nextIndex;
        availWrap = nextWrap;
        return true;
    }

    private boolean beginList(DescriptorChain chain) {
        if (!hasAvailable()) {
            return false;
        }
        nextIndex = availIndex;
        nextWrap = availWrap;
        listEntries = 0;
        indirect.clear();
        chain.begin();
        return true;
    }

    /**
     * Walks along the ring, from {@link #nextIndex} on.
     *
     * @return false if the budget was spent before the end of the list
     */
    private boolean walk(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        MemorySegment descriptors = ring.descriptorArea();
        do {
            long at = (long) DescriptorWords.BYTES * nextIndex;
            long address = le64(descriptors, at);
            long others = le64(descriptors, at + DescriptorWords.SECOND_WORD);
            int flags = DescriptorWords.secondLe16(others);
            if (!isAvailable(flags, nextWrap)) {
                throw new VirtqueueException("descriptor %d of a list is not available".formatted(nextIndex));
            }
            if (listEntries == ring.size()) {
                throw new VirtqueueException("descriptor list is longer than the ring of %d".formatted(ring.size()));
            }
            listEntries++;
            if (++nextIndex == ring.size()) {
                nextIndex = 0;
                nextWrap = !nextWrap;
            }
            boolean isLast = (flags & DESC_F_NEXT) == 0;
            if (isLast) {
                // The id of the whole list is in its last descriptor.
                chain.identify(DescriptorWords.firstLe16(others), listEntries);
            }
            if ((flags & DESC_F_INDIRECT) != 0) {
                indirect.open(hasIndirect, isLast && listEntries == 1, address, DescriptorWords.length(others));
                tablePosition = 0;
                return walkTable(chain, budget);
            }
            budget.onDescriptor(add(chain, address, others));
            if (isLast) {
                return true;
            }
        } while (!budget.isSpent());
        return false;
    }

    /**
     * The same through an indirect table. "The VIRTQ_DESC_F_WRITE flags bit is the only valid flag for descriptors in the
     * indirect table."
     */
    private boolean walkTable(DescriptorChain chain, TurnBudget budget) throws VirtqueueException {
        do {
            long[] descriptor = indirect.descriptor(memory, tablePosition);
            budget.onDescriptor(add(chain, descriptor[0], descriptor[1]));
            if (++tablePosition == indirect.entries()) {
                return true;
            }
        } while (!budget.isSpent());
        return false;
    }

    /**
     * Looks for descriptors that follow one another and are available. A driver writes the flags of a list's first
     * descriptor last, so the lists of all of them are available too.
     */
    private boolean hasAvailable() {
        if (availSeen > 0) {
            return true;
        }
        int index = availIndex;
        boolean wrap = availWrap;
        int end = Math.min(MAX_LOOK, ring.size());
        while (availSeen < end && isAvailable(flagsAt(index), wrap)) {
            availSeen++;
            if (++index == ring.size()) {
                index = 0;
                wrap = !wrap;
            }
        }
        VarHandle.acquireFence();
        looks++;
        return availSeen > 0;
    }

    private int flagsAt(int index) {
        return le16(ring.descriptorArea(), DescriptorWords.BYTES * index + FLAGS_OFFSET);
    }

    @Override
    public boolean isReady() {
        return isAvailable(flagsAt(availIndex), availWrap);
    }

    @Override
    public int looks() {
        return looks;
    }

    static boolean isAvailable(int flags, boolean wrap) {
        return (flags & DESC_F_AVAIL) != 0 == wrap && (flags & DESC_F_USED) != 0 != wrap;
    }

    private int add(DescriptorChain chain, long address, long others) throws VirtqueueException {
        boolean isWritable = (DescriptorWords.secondLe16(others) & DESC_F_WRITE) != 0;
        return chain.add(memory, address, DescriptorWords.length(others), isWritable, ring.size());
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        long entry = DescriptorWords.BYTES * usedIndex;
        int flags = (usedWrap ? DESC_F_AVAIL | DESC_F_USED : 0) | (usedLength > 0 ? DESC_F_WRITE : 0);
        int before = place();
        usedIndex += chain.ringEntries();
        if (usedIndex >= ring.size()) {
            usedIndex -= ring.size();
            usedWrap = !usedWrap;
        }
        if (progress != null) {
            // After the flags of the buffer before this one.
            VarHandle.releaseFence();
            PackedProgress.write(progress, before, place());
        }
        VarHandle.releaseFence();
        // One store: a process that is killed leaves no descriptor half used.
        setLe64(ring.descriptorArea(), entry + DescriptorWords.SECOND_WORD,
                Integer.toUnsignedLong(usedLength) | (long) chain.id() << 32 | (long) flags << 48);
        if (ring.isLogged()) {
            memory.log().mark(ring.descriptorLog() + entry + DescriptorWords.SECOND_WORD,
                    DescriptorWords.BYTES - DescriptorWords.SECOND_WORD);
        }
        pushedSinceNotified += chain.ringEntries();
    }

    @Override
    public boolean catchUp() throws VirtqueueException {
        if (progress != null) {
            int now = PackedProgress.base(progress, ring.descriptorArea())
                    .orElseThrow(() -> new VirtqueueException("another process stopped it, and ended"));
            boolean isBehind = now != base();
            if (isBehind) {
                goTo(now);
                isInList = false;
                availSeen = 0;
                pushedSinceNotified = 0;
            }
            return isBehind;
        }
        int flags = flagsAt(usedIndex);
        if ((flags & DESC_F_AVAIL) != 0 == usedWrap && (flags & DESC_F_USED) != 0 == usedWrap) {
            throw new VirtqueueException("another process used descriptor %d, and ended".formatted(usedIndex));
        }
        return false;
    }

    /** Each descriptor's flags show it. */
    @Override
    public void show() {}

    @Override
    public boolean publish() {
        int pushed = pushedSinceNotified;
        if (pushed == 0) {
            return false;
        }
        pushedSinceNotified = 0;
        VarHandle.fullFence();
        return PackedEvents.isWanted(ring, hasEventIdx, pushed, usedIndex, usedWrap);
    }

    @Override
    public void disableNotifications() {
        PackedEvents.disable(ring, memory);
    }

    @Override
    public boolean enableNotifications() {
        if (hasEventIdx) {
            PackedEvents.enableAt(ring, memory, availIndex | (availWrap ? WRAP : 0));
        } else {
            PackedEvents.enable(ring, memory);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }

    @Override
    public boolean leaveNotificationsOn() {
        // We do not know where the driver is, so it is to notify us of every buffer.
        PackedEvents.enable(ring, memory);
        VarHandle.fullFence();
        return hasAvailable();
    }
}
