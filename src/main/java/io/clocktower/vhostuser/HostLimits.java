package io.clocktower.vhostuser;

import io.clocktower.linux.ResourceLimits;
import io.clocktower.memory.MemoryLimits;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What the front-ends of all devices may have of this process's resources: guest memory, and file descriptors. Thread-safe,
 * without locks.
 */
public final class HostLimits {

    /** The most that is left to HTTP, the state directory and the JVM. */
    private static final long MOST_OTHER_FILES = 4096;

    /** As many as one memory table can need. */
    private static final int FREE_REGION_FILES = Message.MAX_TABLE_REGIONS;
    private static final int PART = 4;

    private final MemoryLimits memory;
    private final long openFiles;
    private final AtomicLong freeFiles;

    /**
     * @param openFiles how many descriptors this process may have (RLIMIT_NOFILE)
     */
    public HostLimits(MemoryLimits memory, long openFiles) {
        this.memory = memory;
        this.openFiles = openFiles;
        freeFiles = new AtomicLong(openFiles - Math.min(MOST_OTHER_FILES, openFiles / 4));
    }

    /**
     * The kernel's limits of this process.
     *
     * @param allowsFiles whether guest memory may be a file that is not in memory
     */
    public static HostLimits ofKernel(boolean allowsFiles) {
        return new HostLimits(MemoryLimits.ofKernel(allowsFiles), ResourceLimits.openFiles());
    }

    /**
     * A device's limits.
     *
     * @param clock a monotonic one, in nanoseconds
     */
    public DeviceLimits ofDevice(LongSupplier clock) {
        return new DeviceLimits(this, clock);
    }

    MemoryLimits memory() {
        return memory;
    }

    /** How many descriptors the process may have. */
    long openFiles() {
        return openFiles;
    }

    /** Takes one for a region's file; beyond a few, a device has at most a part of what is left for all. */
    boolean takeRegionFile(int kept) {
        for (long free = freeFiles.get(); free > 0
                && (kept < FREE_REGION_FILES || kept < free / PART); free = freeFiles.get()) {
            if (freeFiles.compareAndSet(free, free - 1)) {
                return true;
            }
        }
        return false;
    }

    boolean takeFiles(int count) {
        for (long free = freeFiles.get(); free >= count; free = freeFiles.get()) {
            if (freeFiles.compareAndSet(free, free - count)) {
                return true;
            }
        }
        return false;
    }

    void giveBackFiles(int count) {
        freeFiles.addAndGet(count);
    }
}
