package io.clocktower.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The regions of a guest's memory. It does not change: a change makes another table, so that one is checked whole
 * before it takes the place of the other. The regions belong to whoever made them.
 */
public final class MemoryTable {

    /** A guest without memory. */
    public static final MemoryTable EMPTY = new MemoryTable(List.of());

    /** In the order of their guest addresses. */
    private final MemoryRegion[] regions;
    private int lastHit;

    private MemoryTable(List<MemoryRegion> regions) {
        this.regions = regions.stream().sorted(Comparator.comparing(MemoryRegion::guestAddress, Long::compareUnsigned))
                .toArray(MemoryRegion[]::new);
    }

    /**
     * @throws InvalidMemoryException if two of the regions overlap, where the guest or where the front-end sees them
     */
    public static MemoryTable of(List<MemoryRegion> regions) throws InvalidMemoryException {
        for (int i = 0; i < regions.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (regions.get(i).overlaps(regions.get(j))) {
                    throw new InvalidMemoryException("memory regions at guest addresses %#x and %#x overlap"
                            .formatted(regions.get(j).guestAddress(), regions.get(i).guestAddress()));
                }
            }
        }
        return new MemoryTable(regions);
    }

    /** This table's regions and one more. */
    public MemoryTable with(MemoryRegion region) throws InvalidMemoryException {
        List<MemoryRegion> more = new ArrayList<>(regions());
        more.add(region);
        return of(more);
    }

    /** This table's regions less one of them. */
    public MemoryTable without(MemoryRegion region) {
        List<MemoryRegion> fewer = new ArrayList<>(regions());
        fewer.remove(region);
        return new MemoryTable(fewer);
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
     * The region that holds a guest address, or null. The front-end chooses how many regions there are, and the driver
     * how often they are looked up.
     */
    public MemoryRegion regionAt(long guestAddress) {
        int last = lastHit;
        if (last < regions.length && regions[last].holdsGuest(guestAddress)) {
            return regions[last];
        }
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            MemoryRegion region = regions[middle];
            if (region.holdsGuest(guestAddress)) {
                lastHit = middle;
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

    /**
     * Copies from guest memory, over as many regions as it takes.
     *
     * @return false if some of it is no guest memory; what {@code target} then holds is of no use
     */
    public boolean copyFromGuest(long guestAddress, MemorySegment target, long bytes) {
        if (wraps(guestAddress, bytes)) {
            return false;
        }
        long done = 0;
        while (done < bytes) {
            MemoryRegion region = regionAt(guestAddress + done);
            if (region == null) {
                return false;
            }
            long offset = region.guestOffset(guestAddress + done);
            long part = Math.min(bytes - done, region.sizeBytes() - offset);
            MemorySegment.copy(region.bytes(), offset, target, done, part);
            done += part;
        }
        return true;
    }
}
