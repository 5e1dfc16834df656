package io.clocktower.memory;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Disposal;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one device has of {@link MemoryLimits}: it maps the regions of its front-ends, one front-end after another. The
 * device's thread owns it; regions are unmapped on another thread, as that frees the memory of a guest that has gone.
 */
public final class MemoryShare {

    /** That of the front-end that is connected, its next one, and those that are still being unmapped. */
    private static final int MAX_LOGS = 8;
    /** Those of the front-end that is connected, and as many that are still being unmapped. */
    private static final int MAX_MAPPED = 2 * MemoryLimits.MAX_SLOTS;

    private final MemoryLimits limits;
    private final RegionFiles files;
    /** Null where they are not counted. */
    private final FirstTouches touches;
    private final Disposal disposal;
    private final DirtyLog log = new DirtyLog(this);
    private final AtomicInteger logs = new AtomicInteger();
    /** What is mapped, that which is still being unmapped included. */
    private final AtomicInteger mappedRegions = new AtomicInteger();
    private final AtomicLong mappedBytes = new AtomicLong();
    private final AtomicInteger keptFiles = new AtomicInteger();
    private final AtomicLong chargedRegions = new AtomicLong();
    private final AtomicLong chargedBytes = new AtomicLong();

    MemoryShare(MemoryLimits limits, RegionFiles files, FirstTouches touches) {
        this.limits = limits;
        this.files = files;
        this.touches = touches;
        disposal = limits.allowsFiles() ? Disposal.ofFiles() : Disposal.ofMemory();
    }

    /** A table of regions of this device. */
    public MemoryTable table(List<MemoryRegion> regions) throws InvalidMemoryException {
        return MemoryTable.of(regions, touches, log);
    }

    /** In which the device's writes to all of its tables are marked. */
    public DirtyLog log() {
        return log;
    }

    void takeLog() throws InvalidMemoryException {
        if (logs.get() >= MAX_LOGS) {
            throw new InvalidMemoryException("%d dirty logs sent before are still being unmapped".formatted(MAX_LOGS));
        }
        takeFile("a dirty log");
        logs.incrementAndGet();
    }

    void giveLogBack() {
        logs.decrementAndGet();
        new Kept().giveBack();
    }

    void disposeOfLog(Runnable unmap, Descriptor file) {
        disposal.add(() -> {
            try {
                unmap.run();
            } finally {
                file.close();
                giveLogBack();
            }
        });
    }

    /**
     * Closes the file of a memory region that was not mapped, which may free the memory of a guest.
     *
     * @param onClosed is called on another thread
     */
    public void close(Descriptor file, Runnable onClosed) {
        disposal.add(() -> {
            file.close();
            onClosed.run();
        });
    }

    /**
     * Maps a region.
     *
     * @param kept the regions that the front-end has besides
     * @param sent of memory; it becomes the region's unless a kept region has a descriptor of the same file
     * @throws InvalidMemoryException if the region is invalid or more than this device may map
     */
    public MemoryRegion map(MemoryRegion.Place place, List<MemoryRegion> kept, Descriptor sent)
            throws InvalidMemoryException {
        requireSlot(kept.size());
        if (!limits.allowsFiles()) {
            requireMemory(sent);
        }
        FileStatus status = FileStatus.of(sent);
        place.check(status);
        return map(place, kept, sent, status);
    }

    /**
     * Maps a region again that was mapped before, maybe by another process. Its file may have become shorter since: what is
     * missing then breaks the rings that need it, as it would have before.
     */
    public MemoryRegion restore(MemoryRegion.Place place, List<MemoryRegion> kept, Descriptor sent)
            throws InvalidMemoryException {
        requireSlot(kept.size());
        return map(place, kept, sent, FileStatus.of(sent));
    }

    private MemoryRegion map(MemoryRegion.Place place, List<MemoryRegion> kept, Descriptor sent, FileStatus status)
            throws InvalidMemoryException {
        Charge charge = take(Mmap.mappedBytes(status, place.mmapOffset(), place.sizeBytes()), kept);
        MemoryFile shared = null;
        try {
            shared = shared(kept, status);
            boolean isNew = shared == null;
            if (isNew) {
                takeFile("the file of a memory region");
            }
            Mmap.Mapping mapping = map(place, sent, status, isNew);
            MemoryFile file = isNew ? new MemoryFile(sent.move(), status, new Kept()) : shared;
            shared = null;
            return new MemoryRegion(place, mapping, file, () -> unmap(mapping, file, charge));
        } catch (LinuxException e) {
            giveBack(charge);
            throw new InvalidMemoryException("memory region cannot be mapped: " + e.getMessage());
        } catch (InvalidMemoryException e) {
            giveBack(charge);
            throw e;
        } finally {
            if (shared != null) {
                shared.release();
            }
        }
    }

    private Mmap.Mapping map(MemoryRegion.Place place, Descriptor file, FileStatus status, boolean isNew) {
        boolean isMapped = false;
        try {
            Mmap.Mapping mapping = Mmap.map(file, status, place.mmapOffset(), place.sizeBytes());
            isMapped = true;
            return mapping;
        } finally {
            if (isNew && !isMapped) {
                new Kept().giveBack();
            }
        }
    }

    /** The file of a kept region, if it is the same: VMMs cut one file into several regions. */
    private static MemoryFile shared(List<MemoryRegion> kept, FileStatus status) {
        for (MemoryRegion region : kept) {
            if (region.memoryFile().is(status)) {
                return region.memoryFile().retain();
            }
        }
        return null;
    }

    private void takeFile(String what) throws InvalidMemoryException {
        if (!files.take(keptFiles.get())) {
            throw new InvalidMemoryException(
                    "no file descriptor left for %s, besides %d of this device; raise RLIMIT_NOFILE"
                            .formatted(what, keptFiles.get()));
        }
        keptFiles.incrementAndGet();
    }

    /** What this device keeps of the process's descriptors. */
    private final class Kept implements RegionFiles {

        @Override
        public boolean take(int kept) {
            return files.take(kept);
        }

        @Override
        public void giveBack() {
            keptFiles.decrementAndGet();
            files.giveBack();
        }

        @Override
        public void close(Descriptor foreign, Runnable onClosed) {
            files.close(foreign, onClosed);
        }
    }

    private void requireSlot(int kept) throws InvalidMemoryException {
        if (kept >= MemoryLimits.MAX_SLOTS) {
            throw new InvalidMemoryException("more than %d memory regions".formatted(MemoryLimits.MAX_SLOTS));
        }
        int mapped = mappedRegions.get();
        if (mapped >= MAX_MAPPED) {
            throw new InvalidMemoryException(
                    "%d memory regions removed before are still being unmapped".formatted(mapped - kept));
        }
    }

    private static void requireMemory(Descriptor file) throws InvalidMemoryException {
        if (!file.isMemory()) {
            throw new InvalidMemoryException("memory region's file is not on a memfd, tmpfs or hugetlbfs; use QEMU's"
                    + " memory-backend-memfd, or memory-backend-file with a mem-path on tmpfs or hugetlbfs; other files"
                    + " need clocktower.memory.allow-files=true");
        }
    }

    /** What one region takes of the limits. */
    private record Charge(long bytes, long ofRegions, long ofBytes) {}

    private Charge take(long bytes, List<MemoryRegion> kept) throws InvalidMemoryException {
        Budget mappings = limits.mappings();
        long ofRegions = mappings.take(1, kept.size(), mappedRegions.get(), chargedRegions.get());
        if (ofRegions < 0) {
            throw new InvalidMemoryException(
                    ("more than %d memory regions, the share of this device of vm.max_map_count"
                            + " (%d); raise vm.max_map_count to allow more")
                            .formatted(kept.size(), limits.maxMappings()));
        }
        long keptBytes = kept.stream().mapToLong(MemoryRegion::mappedBytes).sum();
        long ofBytes = limits.addresses().take(bytes, keptBytes, mappedBytes.get(), chargedBytes.get());
        if (ofBytes < 0) {
            mappings.giveBack(ofRegions);
            throw new InvalidMemoryException(
                    ("memory region of %d MiB, besides %d MiB of this device, does not fit into"
                            + " the address space that all devices share; this device may have %d MiB")
                            .formatted(bytes >> 20, keptBytes >> 20, limits.addresses().available() >> 20));
        }
        mappedRegions.incrementAndGet();
        mappedBytes.addAndGet(bytes);
        chargedRegions.addAndGet(ofRegions);
        chargedBytes.addAndGet(ofBytes);
        return new Charge(bytes, ofRegions, ofBytes);
    }

    private void giveBack(Charge charge) {
        chargedBytes.addAndGet(-charge.ofBytes);
        chargedRegions.addAndGet(-charge.ofRegions);
        limits.addresses().giveBack(charge.ofBytes);
        limits.mappings().giveBack(charge.ofRegions);
        mappedBytes.addAndGet(-charge.bytes);
        mappedRegions.decrementAndGet();
    }

    private void unmap(Mmap.Mapping mapping, MemoryFile file, Charge charge) {
        disposal.add(() -> {
            try {
                // Where this throws, the addresses are still taken.
                mapping.unmap();
                giveBack(charge);
            } finally {
                file.release();
            }
        });
    }
}
