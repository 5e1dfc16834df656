package io.clocktower.virtqueue;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A split virtqueue from the device's side. VIRTIO 1.4, "Split Virtqueues".
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
public final class SplitVirtqueue implements Virtqueue {

    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int DESC_F_NEXT = 1;
    private static final int DESC_F_WRITE = 2;
    private static final int DESC_F_INDIRECT = 4;
    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int USED_F_NO_NOTIFY = 1;
    private static final int INDEX_MASK = 0xffff;
    private static final long MAX_CHAIN_BYTES = 1L << 32;

    private final boolean hasIndirect;
    private final boolean hasEventIdx;
    private final MemorySegment descriptor = MemorySegment.ofArray(new long[2]);
    private SplitRing ring;
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
    public SplitVirtqueue(SplitRing ring, MemoryTable memory, long features, int base) {
        this.ring = ring;
        this.memory = memory;
        hasIndirect = (features & Feature.INDIRECT_DESC) != 0;
        hasEventIdx = (features & Feature.EVENT_IDX) != 0;
        availIndex = base & INDEX_MASK;
        availIndexSeen = availIndex;
        usedIndex = Short.toUnsignedInt(ring.used().get(LE16, SplitRing.RING_INDEX_OFFSET));
        usedIndexNotified = usedIndex;
    }

    /** Goes on in the same rings where they and the guest's memory are mapped now. */
    public void remap(SplitRing ring, MemoryTable memory) {
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
        int head = Short.toUnsignedInt(ring.available().get(LE16,
                SplitRing.RING_OFFSET + SplitRing.AVAILABLE_BYTES * (availIndex & ring.size() - 1)));
        chain.begin(head);
        walk(chain, head);
        availIndex = availIndex + 1 & INDEX_MASK;
        return true;
    }

    private boolean hasAvailable() throws VirtqueueException {
        if (availIndex != availIndexSeen) {
            return true;
        }
        int index = Short.toUnsignedInt(ring.available().get(LE16, SplitRing.RING_INDEX_OFFSET));
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
            MemorySegment.copy(ring.descriptorTable(), SplitRing.DESCRIPTOR_BYTES * index, descriptor, 0,
                    SplitRing.DESCRIPTOR_BYTES);
            int flags = flags();
            if ((flags & DESC_F_INDIRECT) != 0) {
                walkIndirect(chain, flags);
                return;
            }
            add(chain, flags);
            if ((flags & DESC_F_NEXT) == 0) {
                return;
            }
            index = next();
        }
    }

    /** The descriptor just copied names a table, which ends the chain; its own write flag means nothing. */
    private void walkIndirect(DescriptorChain chain, int flags) throws VirtqueueException {
        long table = address();
        long tableBytes = length();
        if (!hasIndirect) {
            throw new VirtqueueException("indirect descriptor without VIRTIO_F_INDIRECT_DESC");
        }
        if ((flags & DESC_F_NEXT) != 0) {
            throw new VirtqueueException("indirect descriptor with a next one");
        }
        if (tableBytes == 0 || tableBytes % SplitRing.DESCRIPTOR_BYTES != 0) {
            throw new VirtqueueException("indirect table of %d bytes".formatted(tableBytes));
        }
        if (MemoryTable.wraps(table, tableBytes)) {
            throw new VirtqueueException("indirect table of %d bytes at %#x wraps".formatted(tableBytes, table));
        }
        long entries = tableBytes / SplitRing.DESCRIPTOR_BYTES;
        int index = 0;
        while (true) {
            if (index >= entries) {
                throw new VirtqueueException("descriptor %d is outside an indirect table of %d".formatted(index,
                        entries));
            }
            if (!memory.copyFromGuest(table + SplitRing.DESCRIPTOR_BYTES * index, descriptor,
                    SplitRing.DESCRIPTOR_BYTES)) {
                throw new VirtqueueException("indirect table at %#x is outside the guest's memory".formatted(table));
            }
            int entryFlags = flags();
            if ((entryFlags & DESC_F_INDIRECT) != 0) {
                throw new VirtqueueException("indirect descriptor in an indirect table");
            }
            add(chain, entryFlags);
            if ((entryFlags & DESC_F_NEXT) == 0) {
                return;
            }
            index = next();
        }
    }

    private void add(DescriptorChain chain, int flags) throws VirtqueueException {
        boolean isWritable = (flags & DESC_F_WRITE) != 0;
        chain.countDescriptor();
        if (chain.descriptorCount() > ring.size()) {
            throw new VirtqueueException("descriptor chain is longer than the ring of %d, or loops"
                    .formatted(ring.size()));
        }
        if (!isWritable && chain.isWriting()) {
            throw new VirtqueueException("device-readable descriptor after a device-writable one");
        }
        if (!chain.add(memory, address(), length(), isWritable)) {
            throw new VirtqueueException(
                    "descriptor of %d bytes at %#x is outside the guest's memory, or in too many pieces"
                            .formatted(length(), address()));
        }
        if (chain.readableBytes() + chain.writableBytes() > MAX_CHAIN_BYTES) {
            throw new VirtqueueException("descriptor chain of more than 2^32 bytes");
        }
    }

    private long address() {
        return descriptor.get(LE64, 0);
    }

    private long length() {
        return Integer.toUnsignedLong(descriptor.get(LE32, SplitRing.LENGTH_OFFSET));
    }

    private int flags() {
        return descriptor.get(LE16, SplitRing.FLAGS_OFFSET);
    }

    private int next() {
        return Short.toUnsignedInt(descriptor.get(LE16, SplitRing.NEXT_OFFSET));
    }

    @Override
    public void push(DescriptorChain chain, int usedLength) {
        long entry = SplitRing.RING_OFFSET + SplitRing.USED_BYTES * (usedIndex & ring.size() - 1);
        ring.used().set(LE32, entry, chain.head());
        ring.used().set(LE32, entry + SplitRing.USED_LENGTH_OFFSET, usedLength);
        VarHandle.releaseFence();
        usedIndex = usedIndex + 1 & INDEX_MASK;
        ring.used().set(LE16, SplitRing.RING_INDEX_OFFSET, (short) usedIndex);
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
            return (ring.available().get(LE16, SplitRing.RING_FLAGS_OFFSET) & AVAIL_F_NO_INTERRUPT) == 0;
        }
        if (isFirstNotification) {
            // The driver may have set used_event when the device counted from elsewhere.
            isFirstNotification = false;
            return true;
        }
        int usedEvent = Short.toUnsignedInt(ring.available().get(LE16, ring.usedEventOffset()));
        return (usedEvent - before & INDEX_MASK) < pushed;
    }

    @Override
    public void disableNotifications() {
        if (!hasEventIdx) {
            ring.used().set(LE16, SplitRing.RING_FLAGS_OFFSET, (short) USED_F_NO_NOTIFY);
        }
        // With VIRTIO_F_EVENT_IDX, an avail_event that stays behind suppresses them, and the flags MUST be 0.
    }

    @Override
    public boolean enableNotifications() throws VirtqueueException {
        if (hasEventIdx) {
            ring.used().set(LE16, ring.availEventOffset(), (short) availIndex);
        } else {
            ring.used().set(LE16, SplitRing.RING_FLAGS_OFFSET, (short) 0);
        }
        VarHandle.fullFence();
        return hasAvailable();
    }
}
