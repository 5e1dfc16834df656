package io.clocktower.memory;

import io.clocktower.linux.AddressSpace;
import java.util.function.LongSupplier;

/**
 * How much guest memory the devices of this process may map together: mappings (vm.max_map_count) and address space. A JVM
 * that gets no more of either dies, so a part of both is left to it. Thread-safe, without locks.
 */
public final class MemoryLimits {

    /** As many devices as a process hosts. */
    private static final int DEVICES = 1_000;
    /** How many regions one front-end may have: as many as KVM gives a guest, and as QEMU's front-end takes. */
    public static final int MAX_SLOTS = 509;
    /** A SET_MEM_TABLE has 8 regions, and replaces as many. */
    private static final int GUARANTEED_SLOTS = 16;
    private static final int SHIFT_OF_GUARANTEED_BYTES = 13;

    private final long maxMappings;
    private final boolean allowsFiles;
    private final Budget mappings;
    private final Budget addresses;

    /**
     * @param maxMappings of the process
     * @param addressBytes the size of the address space
     * @param allowsFiles whether guest memory may be a file on a disk or of another process, which may never answer
     */
    public MemoryLimits(long maxMappings, long addressBytes, boolean allowsFiles) {
        this.maxMappings = maxMappings;
        this.allowsFiles = allowsFiles;
        long usable = maxMappings - maxMappings / 4;
        mappings = new Budget(usable, Math.min(GUARANTEED_SLOTS, usable / DEVICES), DEVICES);
        addresses = new Budget(addressBytes / 16 * 11, addressBytes >> SHIFT_OF_GUARANTEED_BYTES, DEVICES);
    }

    /** The kernel's limits. */
    public static MemoryLimits ofKernel(boolean allowsFiles) {
        return new MemoryLimits(AddressSpace.maxMappings(), AddressSpace.bytes(), allowsFiles);
    }

    /**
     * A device's share.
     *
     * @param clock a monotonic one, in nanoseconds
     * @param files the descriptors that its regions may keep
     */
    public MemoryShare share(LongSupplier clock, RegionFiles files) {
        // The kernel drops pages of a file on a disk and reads them again, so they would be counted again.
        return new MemoryShare(this, files, allowsFiles ? null : new FirstTouches(clock));
    }

    Budget mappings() {
        return mappings;
    }

    Budget addresses() {
        return addresses;
    }

    boolean allowsFiles() {
        return allowsFiles;
    }

    long maxMappings() {
        return maxMappings;
    }
}
