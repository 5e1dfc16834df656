package io.clocktower.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Mmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One region of a guest's memory, as the guest and the front-end have it. Addresses handed out by {@link #allocate} are
 * the guest's.
 */
public final class GuestMemory implements AutoCloseable {

    private final Descriptor file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    private final long guestAddress;
    private final long userAddress;
    private final long mmapOffset;
    private long used;

    /** Memory in a file of its own. */
    public GuestMemory(long bytes, long guestAddress, long userAddress) {
        this(Libc.memfd(bytes), 0, bytes, guestAddress, userAddress);
    }

    public GuestMemory(Descriptor file, long mmapOffset, long bytes, long guestAddress, long userAddress) {
        this.file = file;
        this.mmapOffset = mmapOffset;
        this.bytes = Mmap.map(file, mmapOffset, bytes, arena);
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
    }

    public Descriptor file() {
        return file;
    }

    public long guestAddress() {
        return guestAddress;
    }

    public long userAddress() {
        return userAddress;
    }

    public long mmapOffset() {
        return mmapOffset;
    }

    public long sizeBytes() {
        return bytes.byteSize();
    }

    /** The memory at a guest address. */
    public MemorySegment at(long address, long length) {
        return bytes.asSlice(address - guestAddress, length);
    }

    /** Where the front-end has what the guest has at {@code address}. */
    public long userAddressOf(long address) {
        return address - guestAddress + userAddress;
    }

    /** Memory that nobody has used yet. */
    public long allocate(long length, long alignment) {
        used = used + alignment - 1 & -alignment;
        long address = guestAddress + used;
        used += length;
        if (used > bytes.byteSize()) {
            throw new AssertionError("guest memory is full");
        }
        return address;
    }

    /** Forgets what was allocated from this address on. */
    public void release(long address) {
        used = address - guestAddress;
    }

    public void fill(long address, long length, int value) {
        at(address, length).fill((byte) value);
    }

    public byte[] read(long address, int length) {
        return at(address, length).toArray(JAVA_BYTE);
    }

    public void write(long address, byte[] content) {
        MemorySegment.copy(MemorySegment.ofArray(content), 0, at(address, content.length), 0, content.length);
    }

    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
