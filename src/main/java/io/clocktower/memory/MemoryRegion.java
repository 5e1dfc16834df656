package io.clocktower.memory;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A region of guest memory, mapped. vhost-user, "Memory region description".
 *
 * <p>
 * Addresses and sizes are unsigned 64-bit numbers. The thread that maps a region is the only one that may touch it.
 */
public final class MemoryRegion implements AutoCloseable {

    private final long guestAddress;
    private final long userAddress;
    private final long sizeBytes;
    private final long mmapOffset;
    private final long mappedBytes;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment bytes;
    private final long address;
    private final Runnable unmap;
    /** Null for a region of a caller that keeps the file itself. */
    private final MemoryFile file;

    /**
     * Where a region is, as a front-end describes it.
     *
     * @param guestAddress where the guest sees it
     * @param userAddress where the front-end has it, by which it names rings
     * @param sizeBytes its length
     * @param mmapOffset where it begins in the file
     */
    public record Place(long guestAddress, long userAddress, long sizeBytes, long mmapOffset) {

        /**
         * Checks the description against the file that came with it.
         *
         * @throws InvalidMemoryException if the region is invalid, or not inside the file
         */
        void check(FileStatus file) throws InvalidMemoryException {
            requireNoWrap("guest address", guestAddress);
            requireNoWrap("user address", userAddress);
            if (!file.isRegular()) {
                throw new InvalidMemoryException("memory region's file descriptor is not a regular file");
            }
            if (mmapOffset < 0 || sizeBytes < 0 || mmapOffset > file.sizeBytes() - sizeBytes) {
                throw new InvalidMemoryException(
                        "memory region of %#x bytes at mmap offset %#x passes the end of its file of %#x bytes"
                                .formatted(sizeBytes, mmapOffset, file.sizeBytes()));
            }
        }

        private void requireNoWrap(String what, long address) throws InvalidMemoryException {
            if (sizeBytes == 0 || Long.compareUnsigned(address + (sizeBytes - 1), address) < 0) {
                throw new InvalidMemoryException("memory region of %#x bytes at %s %#x is empty or wraps"
                        .formatted(sizeBytes, what, address));
            }
        }
    }

    /**
     * @param file which the region holds until {@code unmap}
     * @param unmap ends the mapping; called when nothing can access the region any more
     */
    MemoryRegion(Place place, Mmap.Mapping mapping, MemoryFile file, Runnable unmap) {
        guestAddress = place.guestAddress();
        userAddress = place.userAddress();
        sizeBytes = place.sizeBytes();
        mappedBytes = mapping.length();
        bytes = mapping.bytes(sizeBytes, arena);
        address = bytes.address();
        mmapOffset = place.mmapOffset();
        this.file = file;
        this.unmap = unmap;
    }

    /**
     * Maps a region of a file that the caller trusts, with no limit.
     *
     * @param file a regular file; it stays the caller's
     * @throws InvalidMemoryException if the region is invalid
     */
    public static MemoryRegion map(Place place, Descriptor file) throws InvalidMemoryException {
        FileStatus status = FileStatus.of(file);
        place.check(status);
        try {
            Mmap.Mapping mapping = Mmap.map(file, status, place.mmapOffset(), place.sizeBytes());
            return new MemoryRegion(place, mapping, null, mapping::unmap);
        } catch (LinuxException e) {
            throw new InvalidMemoryException("memory region cannot be mapped: " + e.getMessage());
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

    /** As the front-end described it. */
    public Place place() {
        return new Place(guestAddress, userAddress, sizeBytes, mmapOffset);
    }

    /** Of the file that it is mapped from. It stays the region's, which may share it with other regions. */
    public Descriptor file() {
        return file.descriptor();
    }

    MemoryFile memoryFile() {
        return file;
    }

    /** How much address space it takes: whole pages. */
    long mappedBytes() {
        return mappedBytes;
    }

    /** The region's memory; an access is an {@link IllegalStateException} once the region is closed. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** Where in this process it is. */
    long address() {
        return address;
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
    public long guestOffset(long address) {
        return address - guestAddress;
    }

    boolean holdsGuest(long address) {
        return Long.compareUnsigned(address - guestAddress, sizeBytes) < 0;
    }

    boolean holdsUser(long address) {
        return Long.compareUnsigned(address - userAddress, sizeBytes) < 0;
    }

    /** Ends all access to the region, and then its mapping. */
    @Override
    public void close() {
        arena.close();
        unmap.run();
    }
}
