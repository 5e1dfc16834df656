package io.clocktower.frontend;

import static io.clocktower.frontend.SplitDriver.LE16;
import static io.clocktower.frontend.SplitDriver.LE32;
import static io.clocktower.frontend.SplitDriver.LE64;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/** A driver's side of a packed ring, which puts into it whatever a test wants, sound or not. */
public final class PackedDriver implements RingDriver {

    public static final int NEXT = 1;
    public static final int WRITE = 2;
    public static final int INDIRECT = 4;
    public static final int AVAIL = 1 << 7;
    public static final int USED = 1 << 15;

    public static final int EVENTS_ENABLED = 0;
    public static final int EVENTS_DISABLED = 1;
    public static final int EVENTS_AT_DESCRIPTOR = 2;

    private final GuestMemory memory;
    private final int size;
    private final boolean hasEventIdx;
    private final long ring;
    private final long driverEvent;
    private final long deviceEvent;
    private final MemorySegment ringBytes;
    private final MemorySegment driverEventBytes;
    private final MemorySegment deviceEventBytes;
    private final Queue<Integer> freeIds = new ArrayDeque<>();
    private final Map<Integer, Integer> entriesOfId = new HashMap<>();
    private int availIndex;
    private boolean availWrap = true;
    private int usedIndex;
    private boolean usedWrap = true;
    private int unpublishedIndex;
    private int unpublishedFlags;
    private int publishedIndex;
    private int publishedEntries;
    private boolean publishedWrap;

    public PackedDriver(GuestMemory memory, int size, boolean hasEventIdx) {
        this.memory = memory;
        this.size = size;
        this.hasEventIdx = hasEventIdx;
        ring = memory.allocate(16L * size, 16);
        driverEvent = memory.allocate(4, 4);
        deviceEvent = memory.allocate(4, 4);
        ringBytes = memory.at(ring, 16L * size);
        driverEventBytes = memory.at(driverEvent, 4);
        deviceEventBytes = memory.at(deviceEvent, 4);
        ringBytes.fill((byte) 0);
        driverEventBytes.fill((byte) 0);
        deviceEventBytes.fill((byte) 0);
        for (int id = 0; id < size; id++) {
            freeIds.add(id);
        }
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long descriptorArea() {
        return ring;
    }

    @Override
    public long driverArea() {
        return driverEvent;
    }

    @Override
    public long deviceArea() {
        return deviceEvent;
    }

    @Override
    public int base() {
        return (usedIndex | (usedWrap ? 0x8000 : 0)) << 16 | availIndex | (availWrap ? 0x8000 : 0);
    }

    /** Begins elsewhere, as after the ring was used before; what is in it must look used. */
    public void startAt(int index, boolean wrap) {
        availIndex = index;
        usedIndex = index;
        availWrap = wrap;
        usedWrap = wrap;
        for (int i = 0; i < size; i++) {
            // Of the lap before, and used: neither bit is this lap's.
            boolean lap = i < index == wrap;
            ringBytes.set(LE16, 16L * i + 14, (short) (lap ? AVAIL | USED : 0));
        }
    }

    /** The flags that make a descriptor available in this lap. */
    public int availableFlags() {
        return availWrap ? AVAIL : USED;
    }

    /** Writes one descriptor as it is told. */
    public void descriptor(int index, long address, int length, int id, int flags) {
        ringBytes.set(LE64, 16L * index, address);
        ringBytes.set(LE32, 16L * index + 8, length);
        ringBytes.set(LE16, 16L * index + 12, (short) id);
        VarHandle.releaseFence();
        ringBytes.set(LE16, 16L * index + 14, (short) flags);
    }

    public byte[] descriptorBytes(int index) {
        return memory.read(ring + 16L * index, 16);
    }

    @Override
    public int chain(List<Piece> pieces) {
        int id = freeIds.remove();
        int first = availIndex;
        publishedWrap = availWrap;
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            boolean isLast = i == pieces.size() - 1;
            put(piece.address(), piece.length(), id, (piece.isWritable() ? WRITE : 0) | (isLast ? 0 : NEXT), i == 0);
        }
        publishedIndex = first;
        publishedEntries = pieces.size();
        entriesOfId.put(id, pieces.size());
        return id;
    }

    @Override
    public int indirect(List<Piece> pieces) {
        long table = memory.allocate(16L * pieces.size(), 16);
        MemorySegment entries = memory.at(table, 16L * pieces.size());
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            entries.set(LE64, 16L * i, piece.address());
            entries.set(LE32, 16L * i + 8, piece.length());
            // The id is reserved there, and so is every flag but WRITE.
            entries.set(LE16, 16L * i + 12, (short) 0x5a5a);
            entries.set(LE16, 16L * i + 14, (short) (piece.isWritable() ? WRITE : 0));
        }
        return indirect(table, pieces.size());
    }

    /** Puts a descriptor into the ring that names a table of so many, and answers its id. */
    public int indirect(long table, int entries) {
        int id = freeIds.remove();
        publishedIndex = availIndex;
        publishedWrap = availWrap;
        publishedEntries = 1;
        put(table, 16 * entries, id, INDIRECT, true);
        entriesOfId.put(id, 1);
        return id;
    }

    /** The first descriptor's flags are kept back, for it is what makes the list available. */
    private void put(long address, int length, int id, int flags, boolean isFirst) {
        int allFlags = flags | availableFlags();
        if (isFirst) {
            unpublishedIndex = availIndex;
            unpublishedFlags = allFlags;
            int before = ringBytes.get(LE16, 16L * availIndex + 14);
            descriptor(availIndex, address, length, id, before);
        } else {
            descriptor(availIndex, address, length, id, allFlags);
        }
        if (++availIndex == size) {
            availIndex = 0;
            availWrap = !availWrap;
        }
    }

    @Override
    public void publish(int id) {
        VarHandle.releaseFence();
        ringBytes.set(LE16, 16L * unpublishedIndex + 14, (short) unpublishedFlags);
        VarHandle.fullFence();
    }

    /** Sets the driver event suppression structure. */
    public void driverEvent(int offset, boolean wrap, int flags) {
        driverEventBytes.set(LE16, 0, (short) (offset | (wrap ? 0x8000 : 0)));
        driverEventBytes.set(LE16, 2, (short) flags);
        VarHandle.fullFence();
    }

    public int deviceEventFlags() {
        VarHandle.fullFence();
        return deviceEventBytes.get(LE16, 2);
    }

    /** Where the device wants to be notified: the index, and the wrap counter in bit 15. */
    public int deviceEventOffset() {
        VarHandle.fullFence();
        return Short.toUnsignedInt(deviceEventBytes.get(LE16, 0));
    }

    @Override
    public void wantNextUsed() {
        if (hasEventIdx) {
            driverEvent(usedIndex, usedWrap, EVENTS_AT_DESCRIPTOR);
        } else {
            driverEvent(0, false, EVENTS_ENABLED);
        }
    }

    @Override
    public boolean isKickWanted() {
        int flags = deviceEventFlags();
        if (flags != EVENTS_AT_DESCRIPTOR) {
            return flags == EVENTS_ENABLED;
        }
        int event = deviceEventOffset() & 0x7fff;
        boolean wrap = (deviceEventOffset() & 0x8000) != 0;
        int position = event + (wrap == publishedWrap ? 0 : size);
        return position >= publishedIndex && position < publishedIndex + publishedEntries;
    }

    @Override
    public boolean hasUsed() {
        int flags = ringBytes.get(LE16, 16L * usedIndex + 14);
        VarHandle.acquireFence();
        return (flags & AVAIL) != 0 == usedWrap && (flags & USED) != 0 == usedWrap;
    }

    @Override
    public Used takeUsed() {
        if (!hasUsed()) {
            throw new AssertionError("nothing was used");
        }
        int id = Short.toUnsignedInt(ringBytes.get(LE16, 16L * usedIndex + 12));
        int flags = ringBytes.get(LE16, 16L * usedIndex + 14);
        int length = (flags & WRITE) == 0 ? 0 : ringBytes.get(LE32, 16L * usedIndex + 8);
        Integer entries = entriesOfId.remove(id);
        if (entries == null) {
            throw new AssertionError("used " + id + ", which is not available");
        }
        usedIndex += entries;
        if (usedIndex >= size) {
            usedIndex -= size;
            usedWrap = !usedWrap;
        }
        freeIds.add(id);
        return new Used(id, length);
    }
}
