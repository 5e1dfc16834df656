package io.clocktower.memory;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A region of guest memory, mapped. vhost-user, "Memory regions description".
 *
 * <p>
 * Addresses and sizes are unsigned 64-bit numbers. The thread that maps a region is the only one that may touch it.
 */
public final class MemoryRegion implements AutoCloseable {

    private final long guestAddress;
    private final long userAddress;
    private final long sizeBytes;
    private final Arena arena;
    private final MemorySegment bytes;

    private MemoryRegion(long guestAddress, long userAddress, long sizeBytes, Arena arena, MemorySegment bytes) {
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.sizeBytes = sizeBytes;
        this.arena = arena;
        this.bytes = bytes;
    }

    /**
     * Maps a region.
     *
     * @param guestAddress where the guest sees it
     * @param userAddress where the front-end has it, by which it names rings
     * @param sizeBytes its length
     * @param mmapOffset where it begins in the file
     * @param file a regular file; it stays the caller's
     * @throws InvalidMemoryException if such a region cannot be
     */
    public static MemoryRegion map(long guestAddress, long userAddress, long sizeBytes, long mmapOffset,
            Descriptor file) throws InvalidMemoryException {
        requireNoWrap("guest address", guestAddress, sizeBytes);
        requireNoWrap("user address", userAddress, sizeBytes);
        FileStatus status = FileStatus.of(file);
        if (!status.isRegular()) {
            throw new InvalidMemoryException("memory region's file descriptor is not a file that can be mapped");
        }
        if (mmapOffset < 0 || sizeBytes < 0 || mmapOffset > status.sizeBytes() - sizeBytes) {
            throw new InvalidMemoryException(
                    "memory region of %#x bytes at mmap offset %#x passes the end of its file of %#x bytes"
                            .formatted(sizeBytes, mmapOffset, status.sizeBytes()));
        }
        Arena arena = Arena.ofConfined();
        try {
            return new MemoryRegion(guestAddress, userAddress, sizeBytes, arena,
                    Mmap.map(file, mmapOffset, sizeBytes, arena));
        } catch (LinuxException e) {
            arena.close();
            throw new InvalidMemoryException("memory region cannot be mapped: " + e.getMessage());
        }
    }

    private static void requireNoWrap(String what, long address, long sizeBytes) throws InvalidMemoryException {
        if (sizeBytes == 0 || Long.compareUnsigned(address + (sizeBytes - 1), address) < 0) {
            throw new InvalidMemoryException(
                    "memory region of %#x bytes at %s %#x is empty or wraps".formatted(sizeBytes, what, address));
        }
    }

    public long guestAddress() {
        return guestAddress;
    }

    public long userAddress() {
        return userAddress;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** The region's memory; an access is an {@link IllegalStateException} once the region is closed. */
    public MemorySegment bytes() {
        return bytes;
    }

    boolean overlaps(MemoryRegion other) {
        return overlap(guestAddress, sizeBytes, other.guestAddress, other.sizeBytes)
                || overlap(userAddress, sizeBytes, other.userAddress, other.sizeBytes);
    }

    /** Two ranges overlap where either begins inside the other. */
    private static boolean overlap(long a, long aBytes, long b, long bBytes) {
        return Long.compareUnsigned(b - a, aBytes) < 0 || Long.compareUnsigned(a - b, bBytes) < 0;
    }

    /** How far behind the region's beginning a guest address lies, unsigned: outside, if not below the size. */
    long guestOffset(long address) {
        return address - guestAddress;
    }

    boolean holdsGuest(long address) {
        return Long.compareUnsigned(address - guestAddress, sizeBytes) < 0;
    }

    boolean holdsUser(long address) {
        return Long.compareUnsigned(address - userAddress, sizeBytes) < 0;
    }

    /** Unmaps the region. */
    @Override
    public void close() {
        arena.close();
    }
}
