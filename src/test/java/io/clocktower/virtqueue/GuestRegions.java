package io.clocktower.virtqueue;

import io.clocktower.frontend.GuestMemory;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's memory as both sides have it: one region for rings and two that follow one another, for buffers. Before and
 * behind those two there is nothing.
 */
final class GuestRegions implements AutoCloseable {

    static final long BUFFERS = 0x4000_0000L;
    static final long HALF_BYTES = 1 << 20;
    /** Where the second of the two regions begins. */
    static final long SEAM = BUFFERS + HALF_BYTES;
    static final long END = SEAM + HALF_BYTES;

    private static final long RINGS = 0x1000_0000L;
    private static final long RINGS_BYTES = 4 << 20;

    private final List<GuestMemory> memories = new ArrayList<>();
    private final List<MemoryRegion> regions = new ArrayList<>();

    GuestRegions() throws Exception {
        add(new GuestMemory(RINGS_BYTES, RINGS, 0x7f00_0000_0000L));
        add(new GuestMemory(HALF_BYTES, BUFFERS, 0x7e00_0000_0000L));
        add(new GuestMemory(HALF_BYTES, SEAM, 0x7d00_0000_0000L));
    }

    GuestMemory add(GuestMemory memory) throws Exception {
        memories.add(memory);
        regions.add(MemoryRegion.map(new MemoryRegion.Place(memory.guestAddress(), memory.userAddress(),
                memory.sizeBytes(), memory.mmapOffset()), memory.file()));
        return memory;
    }

    GuestMemory rings() {
        return memories.getFirst();
    }

    MemoryTable table() throws Exception {
        return MemoryTable.of(regions);
    }

    void write(long address, byte[] content) {
        for (int i = 0; i < content.length; i++) {
            memoryAt(address + i).write(address + i, new byte[]{content[i]});
        }
    }

    byte[] read(long address, int length) {
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++) {
            content[i] = memoryAt(address + i).read(address + i, 1)[0];
        }
        return content;
    }

    private GuestMemory memoryAt(long address) {
        return memories.stream()
                .filter(memory -> Long.compareUnsigned(address - memory.guestAddress(), memory.sizeBytes()) < 0)
                .findFirst().orElseThrow();
    }

    @Override
    public void close() {
        regions.forEach(MemoryRegion::close);
        memories.forEach(GuestMemory::close);
    }
}
