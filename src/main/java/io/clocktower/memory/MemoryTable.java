package io.clocktower.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The regions of a guest's memory. It does not change: a change makes another table, so that one is checked whole
 * before it takes the place of the other. The regions belong to their maker.
 */
public final class MemoryTable {

    /** A guest without memory. */
    public static final MemoryTable EMPTY = new MemoryTable(List.of(), null, DirtyLog.NONE);

    /** In the order of their guest addresses. */
    private final MemoryRegion[] regions;
    /** Null where nothing is counted. */
    private final FirstTouches touches;
    private final DirtyLog log;
    private MemoryRegion lastHit;

    private MemoryTable(List<MemoryRegion> regions, FirstTouches touches, DirtyLog log) {
        this.touches = touches;
        this.log = log;
        if (touches != null) {
            touches.forget();
        }
        this.regions = regions.stream().sorted(Comparator.comparing(MemoryRegion::guestAddress, Long::compareUnsigned))
                .toArray(MemoryRegion[]::new);
    }

    /**
     * @throws InvalidMemoryException if two of the regions overlap, where the guest or where the front-end sees them
     */
    public static MemoryTable of(List<MemoryRegion> regions) throws InvalidMemoryException {
        return of(regions, null, DirtyLog.NONE);
    }

    static MemoryTable of(List<MemoryRegion> regions, FirstTouches touches, DirtyLog log)
            throws InvalidMemoryException {
        for (int i = 1; i < regions.size(); i++) {
            requireNoOverlap(regions.subList(0, i), regions.get(i));
        }
        return new MemoryTable(regions, touches, log);
    }

    private static void requireNoOverlap(List<MemoryRegion> regions, MemoryRegion added)
            throws InvalidMemoryException {
        for (MemoryRegion region : regions) {
            if (region.overlaps(added)) {
                throw new InvalidMemoryException("memory regions at guest addresses %#x and %#x overlap"
                        .formatted(region.guestAddress(), added.guestAddress()));
            }
        }
    }

    /** This table's regions and one more, which alone has to be compared with the others. */
    public MemoryTable with(MemoryRegion region) throws InvalidMemoryException {
        List<MemoryRegion> more = new ArrayList<>(regions());
        requireNoOverlap(more, region);
        more.add(region);
        return new MemoryTable(more, touches, log);
    }

    /** This table's regions less one of them. */
    public MemoryTable without(MemoryRegion region) {
        List<MemoryRegion> fewer = new ArrayList<>(regions());
        fewer.remove(region);
        return new MemoryTable(fewer, touches, log);
    }

    public List<MemoryRegion> regions() {
        return List.of(regions);
    }

    /** The region with exactly these addresses and this size. */
    public Optional<MemoryRegion> find(long guestAddress, long userAddress, long sizeBytes) {
        return regions().stream().filter(region -> region.guestAddress() == guestAddress
                && region.userAddress() == userAddress && region.sizeBytes() == sizeBytes).findFirst();
    }

    /**
     * The region that holds a guest address, or null. The front-end chooses how many regions there are, and the driver how
     * often they are looked up.
     */
    public MemoryRegion regionAt(long guestAddress) {
        MemoryRegion last = lastHit;
        return last != null && last.holdsGuest(guestAddress) ? last : search(guestAddress);
    }

    /** The region that holds a range of one byte or more whole; null if none does, though several may together. */
    public MemoryRegion regionOf(long guestAddress, long bytes) {
        MemoryRegion region = regionAt(guestAddress);
        return region != null && bytes <= region.sizeBytes() - region.guestOffset(guestAddress) ? region : null;
    }

    private MemoryRegion search(long guestAddress) {
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            MemoryRegion region = regions[middle];
            if (region.holdsGuest(guestAddress)) {
                lastHit = region;
                return region;
            }
            if (Long.compareUnsigned(guestAddress, region.guestAddress()) < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    /** Whether a range passes the last address there is; the first one does not follow it. */
    public static boolean wraps(long address, long bytes) {
        return bytes > 0 && Long.compareUnsigned(address + (bytes - 1), address) < 0;
    }

    /** The memory at a user address, which must lie in one region whole. */
    public Optional<MemorySegment> atUserAddress(long userAddress, long bytes) {
        for (MemoryRegion region : regions) {
            if (region.holdsUser(userAddress)) {
                long offset = userAddress - region.userAddress();
                return bytes <= region.sizeBytes() - offset
                        ? Optional.of(region.bytes().asSlice(offset, bytes))
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** The guest address of the memory at a user address, which must be there. */
    public long guestAddressOf(long userAddress) {
        for (MemoryRegion region : regions) {
            if (region.holdsUser(userAddress)) {
                return userAddress - region.userAddress() + region.guestAddress();
            }
        }
        throw new IllegalArgumentException("no memory at user address %#x".formatted(userAddress));
    }

    /** In which writes to this memory are marked. */
    public DirtyLog log() {
        return log;
    }

    /**
     * Is called before a part of a region is read or written.
     *
     * @throws UntouchedMemoryException if the guest has the device touch too much memory that it never touched
     */
    public void beforeAccess(MemoryRegion region, long offset, long bytes) {
        if (touches != null) {
            touches.check(region.address() + offset, bytes);
        }
    }

    /** The same for a part that will be used for long, such as a ring. */
    public void beforeUse(MemorySegment part) {
        if (touches != null) {
            touches.checkAll(part);
        }
    }

    /**
     * Copies from guest memory into {@linkplain LittleEndian words}, over as many regions as it takes.
     *
     * @return false if part of the range is outside guest memory; {@code words} are then undefined
     */
    public boolean copyFromGuest(long guestAddress, long[] words, int bytes) {
        if (wraps(guestAddress, bytes)) {
            return false;
        }
        int done = 0;
        while (done < bytes) {
            MemoryRegion region = regionAt(guestAddress + done);
            if (region == null) {
                return false;
            }
            long offset = region.guestOffset(guestAddress + done);
            int part = (int) Math.min(bytes - done, region.sizeBytes() - offset);
            read(region, offset, words, done, part);
            done += part;
        }
        return true;
    }

    /**
     * Copies a part of a region into {@linkplain LittleEndian words}.
     *
     * @param first the byte of the words that the copy begins at
     */
    public void read(MemoryRegion region, long offset, long[] words, int first, int bytes) {
        beforeAccess(region, offset, bytes);
        LittleEndian.read(region.bytes(), offset, words, first, bytes);
    }

    /**
     * Copies {@linkplain LittleEndian words} into a part of a region, and marks that in the log.
     *
     * @param first the byte of the words that the copy begins at
     */
    public void write(long[] words, int first, MemoryRegion region, long offset, int bytes) {
        beforeAccess(region, offset, bytes);
        LittleEndian.write(words, first, region.bytes(), offset, bytes);
        if (log.isOn()) {
            log.mark(region.guestAddress() + offset, bytes);
        }
    }
}
