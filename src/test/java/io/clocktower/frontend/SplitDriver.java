package io.clocktower.frontend;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A driver's side of a split ring, which puts into it whatever a test wants, sound or not. Descriptors are taken one
 * after the other and never freed but by {@link #forgetDescriptors}.
 */
public final class SplitDriver implements RingDriver {

    public static final int NEXT = 1;
    public static final int WRITE = 2;
    public static final int INDIRECT = 4;

    public static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A piece of a buffer, in guest memory. */
    public record Piece(long address, int length, boolean isWritable) {

        public static Piece readable(long address, int length) {
            return new Piece(address, length, false);
        }

        public static Piece writable(long address, int length) {
            return new Piece(address, length, true);
        }
    }

    /** What the device says it used. */
    public record Used(int id, int length) {}

    private final GuestMemory memory;
    private final int size;
    private final boolean hasEventIdx;
    private final long table;
    private final long available;
    private final long used;
    private final MemorySegment tableBytes;
    private final MemorySegment availableBytes;
    private final MemorySegment usedBytes;
    private int nextDescriptor;
    private int availIndex;
    private int usedIndex;

    /** A ring of a driver that negotiated VIRTIO_F_EVENT_IDX. */
    public SplitDriver(GuestMemory memory, int size) {
        this(memory, size, true);
    }

    public SplitDriver(GuestMemory memory, int size, boolean hasEventIdx) {
        this(memory, memory, memory, size, hasEventIdx);
    }

    /** A ring whose parts lie in memories of their own. */
    public SplitDriver(GuestMemory tableMemory, GuestMemory availableMemory, GuestMemory usedMemory, int size) {
        this(tableMemory, availableMemory, usedMemory, size, true);
    }

    private SplitDriver(GuestMemory tableMemory, GuestMemory availableMemory, GuestMemory usedMemory, int size,
            boolean hasEventIdx) {
        this.memory = tableMemory;
        this.size = size;
        this.hasEventIdx = hasEventIdx;
        table = tableMemory.allocate(16L * size, 16);
        available = availableMemory.allocate(6 + 2L * size, 2);
        used = usedMemory.allocate(6 + 8L * size, 4);
        tableBytes = tableMemory.at(table, 16L * size);
        availableBytes = availableMemory.at(available, 6 + 2L * size);
        usedBytes = usedMemory.at(used, 6 + 8L * size);
        tableBytes.fill((byte) 0);
        availableBytes.fill((byte) 0);
        usedBytes.fill((byte) 0);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long descriptorArea() {
        return table;
    }

    @Override
    public long driverArea() {
        return available;
    }

    @Override
    public long deviceArea() {
        return used;
    }

    @Override
    public int base() {
        return availIndex;
    }

    @Override
    public void wantNextUsed() {
        usedEvent(usedIndex());
    }

    /** Whether the device wants to be notified of the buffer that was published last. */
    @Override
    public boolean isKickWanted() {
        return hasEventIdx ? availEvent() == (availIndex - 1 & 0xffff) : usedFlags() == 0;
    }

    public long table() {
        return table;
    }

    public long available() {
        return available;
    }

    public long used() {
        return used;
    }

    public int availIndex() {
        return availIndex;
    }

    /** Begins at another index, as after the ring was used before. */
    public void startAt(int index) {
        availIndex = index;
        usedIndex = index;
        availableBytes.set(LE16, 2, (short) index);
        usedBytes.set(LE16, 2, (short) index);
    }

    /** Takes descriptors from the table's beginning again. */
    public void forgetDescriptors() {
        nextDescriptor = 0;
    }

    /** Writes one descriptor as it is told. */
    public void descriptor(int index, long address, int length, int flags, int next) {
        descriptorIn(tableBytes, index, address, length, flags, next);
    }

    static void descriptorIn(MemorySegment table, int index, long address, int length, int flags, int next) {
        table.set(LE64, 16L * index, address);
        table.set(LE32, 16L * index + 8, length);
        table.set(LE16, 16L * index + 12, (short) flags);
        table.set(LE16, 16L * index + 14, (short) next);
    }

    /** The address that a descriptor holds. */
    public long address(int index) {
        return tableBytes.get(LE64, 16L * index);
    }

    /** Chains the pieces in the descriptor table, and answers the head. */
    @Override
    public int chain(List<Piece> pieces) {
        int head = nextDescriptor;
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            boolean isLast = i == pieces.size() - 1;
            int index = nextDescriptor++ & size - 1;
            descriptor(index, piece.address(), piece.length(),
                    (piece.isWritable() ? WRITE : 0) | (isLast ? 0 : NEXT), isLast ? 0 : nextDescriptor & size - 1);
        }
        return head & size - 1;
    }

    /** Puts the pieces into an indirect table, and answers the head that names it. */
    @Override
    public int indirect(List<Piece> pieces) {
        long indirect = memory.allocate(16L * pieces.size(), 16);
        MemorySegment entries = memory.at(indirect, 16L * pieces.size());
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            boolean isLast = i == pieces.size() - 1;
            descriptorIn(entries, i, piece.address(), piece.length(),
                    (piece.isWritable() ? WRITE : 0) | (isLast ? 0 : NEXT), isLast ? 0 : i + 1);
        }
        int head = nextDescriptor++ & size - 1;
        descriptor(head, indirect, 16 * pieces.size(), INDIRECT, 0);
        return head;
    }

    /** Makes a chain available. */
    @Override
    public void publish(int head) {
        availableBytes.set(LE16, 4 + 2L * (availIndex & size - 1), (short) head);
        publishIndex(availIndex + 1);
    }

    /** Sets the available index, wherever it leads. */
    public void publishIndex(int index) {
        VarHandle.releaseFence();
        availIndex = index & 0xffff;
        availableBytes.set(LE16, 2, (short) availIndex);
    }

    public void availableFlags(int flags) {
        availableBytes.set(LE16, 0, (short) flags);
    }

    public void usedEvent(int index) {
        availableBytes.set(LE16, 4 + 2L * size, (short) index);
        VarHandle.fullFence();
    }

    public int availEvent() {
        VarHandle.fullFence();
        return Short.toUnsignedInt(usedBytes.get(LE16, 4 + 8L * size));
    }

    public int usedFlags() {
        VarHandle.fullFence();
        return Short.toUnsignedInt(usedBytes.get(LE16, 0));
    }

    /** The used index as the device wrote it. */
    public int usedIndex() {
        int index = Short.toUnsignedInt(usedBytes.get(LE16, 2));
        VarHandle.acquireFence();
        return index;
    }

    /** Whether the device used more than was taken. */
    @Override
    public boolean hasUsed() {
        return usedIndex() != usedIndex;
    }

    /** The next entry of the used ring, which must be there. */
    @Override
    public Used takeUsed() {
        if (!hasUsed()) {
            throw new AssertionError("nothing was used");
        }
        long offset = 4 + 8L * (usedIndex & size - 1);
        usedIndex = usedIndex + 1 & 0xffff;
        return new Used(usedBytes.get(LE32, offset), usedBytes.get(LE32, offset + 4));
    }

    /** As {@link #takeUsed}, but of what it says nothing is kept. */
    public void skipUsed() {
        usedIndex = usedIndex + 1 & 0xffff;
    }
}
