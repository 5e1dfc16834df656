package io.clocktower.virtqueue;

import static io.clocktower.virtqueue.LittleEndian.LE16;
import static io.clocktower.virtqueue.LittleEndian.LE32;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A packed virtqueue from the device's side. VIRTIO 1.4, "Packed Virtqueues".
 *
 * <pre>
 * descriptor, 16 bytes     event suppression
 *    0 le64 addr              0 le16 offset in bits 0-14, wrap counter in bit 15
 *    8 le32 len               2 le16 flags in bits 0-1
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

    /** Both indices 0 and both wrap counters 1, as in a ring that nobody has used. */
    static final int INITIAL_BASE = 0x8000_8000;

    static final long EVENT_BYTES = 4;

    private static final long LENGTH_OFFSET = 8;
    private static final long ID_OFFSET = 12;
    private static final long FLAGS_OFFSET = 14;
    private static final long EVENT_FLAGS_OFFSET = 2;

    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;
    private static final int DESC_F_AVAIL = 1 << 7;
    private static final int DESC_F_USED = 1 << 15;
    private static final int EVENT_FLAGS_MASK = 3;
    private static final int EVENT_FLAGS_ENABLE = 0;
    private static final int EVENT_FLAGS_DISABLE = 1;
    private static final int EVENT_FLAGS_DESC = 2;
    private static final int INDEX_MASK = 0x7fff;
    private static final int WRAP = 0x8000;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final DescriptorCopy descriptor = new DescriptorCopy();
    private RingAreas ring;
    private MemoryTable memory;
    private int availIndex;
    private boolean availWrap;
    private int usedIndex;
    private boolean usedWrap;
    private int pushedSinceNotified;

    /**
     * @param features the negotiated ones, as masks of {@link Feature}
     * @param base the available index in bits 0-14 and its wrap counter in bit 15, the used ones above them
     * @throws VirtqueueException if an index is outside the ring
     */
    PackedVirtqueue(RingAreas ring, MemoryTable memory, long features, int base) throws VirtqueueException {
        this.ring = ring;
        this.memory = memory;
        hasIndirect = (features & Feature.INDIRECT_DESC) != 0;
        hasEventIdx = (features & Feature.EVENT_IDX) != 0;
        availIndex = base & INDEX_MASK;
        availWrap = (base & WRAP) != 0;
        usedIndex = base >>> 16 & INDEX_MASK;
        usedWrap = (base >>> 16 & WRAP) != 0;
        if (availIndex >= ring.size() || usedIndex >= ring.size()) {
            throw new VirtqueueException("base %#x is outside a ring of %d".formatted(base, ring.size()));
        }
    }

    @Override
    public void remap(RingAreas ring, MemoryTable memory) {
        this.ring = ring;
        this.memory = memory;
    }

    @Override
    public int base() {
        return (usedIndex | (usedWrap ? WRAP : 0)) << 16 | availIndex | (availWrap ? WRAP : 0);
    }

    @Override
    public boolean pop(DescriptorChain chain) throws VirtqueueException {
        if (!hasAvailable()) {
            return false;
        }
        int index = availIndex;
        boolean wrap = availWrap;
        int count = 0;
        int id;
        int flags;
        chain.begin();
        do {
            descriptor.copyFrom(ring.descriptorArea(), index);
            flags = descriptor.le16(FLAGS_OFFSET);
            if (!isAvailable(flags, wrap)) {
                throw new VirtqueueException("descriptor %d of a list is not available".formatted(index));
            }
            if (count == ring.size()) {
                throw new VirtqueueException("descriptor list is longer than the ring of %d".formatted(ring.size()));
            }
            // The id of the whole list is in its last descriptor.
            id = descriptor.le16(ID_OFFSET);
            if ((flags & DESC_F_INDIRECT) != 0) {
                walkIndirect(chain, flags, count);
            } else {
                add(chain, flags);
            }
            count++;
            if (++index == ring.size()) {
                index = 0;
                wrap = !wrap;
            }
        } while ((flags & DESC_F_NEXT) != 0);
        chain.identify(id, count);
        availIndex = index;
        availWrap = wrap;
        return true;
    }

    private boolean hasAvailable() {
        int flags = ring.descriptorArea().get(LE16, DescriptorCopy.BYTES * availIndex + FLAGS_OFFSET);
        VarHandle.acquireFence();
        return isAvailable(flags, availWrap);
    }

    private static boolean isAvailable(int flags, boolean wrap) {
        return (flags & DESC_F_AVAIL) != 0 == wrap && (flags & DESC_F_USED) != 0 != wrap;
    }

    /** "The VIRTQ_DESC_F_WRITE flags bit is the only valid flag for descriptors in the indirect table." */
    private void walkIndirect(DescriptorChain chain, int flags, int position) throws VirtqueueException {
        long table = descriptor.address();
        boolean isAlone = (flags & DESC_F_NEXT) == 0 && position == 0;
        long entries = IndirectTable.entries(hasIndirect, isAlone, table, descriptor.length());
        for (long i = 0; i < entries; i++) {
            descriptor.copyFrom(memory, table, i);
            add(chain, descriptor.le16(FLAGS_OFFSET));
        }
    }

    private void add(DescriptorChain chain, int flags) throws VirtqueueException {
        chain.add(memory, descriptor.address(), descriptor.length(), (flags & DESC_F_WRITE) != 0, ring.size());
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        MemorySegment descriptors = ring.descriptorArea();
        long entry = DescriptorCopy.BYTES * usedIndex;
        descriptors.set(LE32, entry + LENGTH_OFFSET, usedLength);
        descriptors.set(LE16, entry + ID_OFFSET, (short) chain.id());
        VarHandle.releaseFence();
        int flags = (usedWrap ? DESC_F_AVAIL | DESC_F_USED : 0) | (usedLength > 0 ? DESC_F_WRITE : 0);
        descriptors.set(LE16, entry + FLAGS_OFFSET, (short) flags);
        usedIndex += chain.ringEntries();
        if (usedIndex >= ring.size()) {
            usedIndex -= ring.size();
            usedWrap = !usedWrap;
        }
        pushedSinceNotified += chain.ringEntries();
    }

    @Override
    public boolean needsNotification() {
        int pushed = pushedSinceNotified;
        if (pushed == 0) {
            return false;
        }
        pushedSinceNotified = 0;
        VarHandle.fullFence();
        int flags = ring.driverArea().get(LE16, EVENT_FLAGS_OFFSET) & EVENT_FLAGS_MASK;
        if (flags == EVENT_FLAGS_DESC && hasEventIdx) {
            return isPushed(Short.toUnsignedInt(ring.driverArea().get(LE16, 0)), pushed);
        }
        return flags != EVENT_FLAGS_DISABLE;
    }

    /** Whether the descriptor that the driver wants to hear of is among the last that were pushed. */
    private boolean isPushed(int event, int pushed) {
        boolean isThisLap = (event & WRAP) != 0 == usedWrap;
        int index = (event & INDEX_MASK) - (isThisLap ? 0 : ring.size());
        return pushed >= ring.size() || index < usedIndex && index >= usedIndex - pushed;
    }

    @Override
    public void disableNotifications() {
        ring.deviceArea().set(LE16, EVENT_FLAGS_OFFSET, (short) EVENT_FLAGS_DISABLE);
    }

    @Override
    public boolean enableNotifications() {
        if (hasEventIdx) {
            ring.deviceArea().set(LE16, 0, (short) (availIndex | (availWrap ? WRAP : 0)));
            VarHandle.releaseFence();
            ring.deviceArea().set(LE16, EVENT_FLAGS_OFFSET, (short) EVENT_FLAGS_DESC);
        } else {
            ring.deviceArea().set(LE16, EVENT_FLAGS_OFFSET, (short) EVENT_FLAGS_ENABLE);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }
}
