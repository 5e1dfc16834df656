package io.clocktower.memory;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The file of one or more regions of a front-end, which need one descriptor of it: as long as a region is mapped, what the
 * guest's memory is can be handed to another process. Thread-safe.
 */
final class MemoryFile {

    private final Descriptor descriptor;
    private final FileStatus status;
    private final RegionFiles budget;
    private final AtomicInteger regions = new AtomicInteger(1);

    /**
     * @param descriptor becomes this object's
     * @param budget from which it was taken
     */
    MemoryFile(Descriptor descriptor, FileStatus status, RegionFiles budget) {
        this.descriptor = descriptor;
        this.status = status;
        this.budget = budget;
    }

    Descriptor descriptor() {
        return descriptor;
    }

    boolean is(FileStatus other) {
        return status.isSameFile(other);
    }

    /** One more region is mapped from it. One that is mapped already must keep it in this call. */
    MemoryFile retain() {
        regions.incrementAndGet();
        return this;
    }

    /** A region is unmapped. May be slow where it was the last one, as the guest's memory is freed. */
    void release() {
        if (regions.decrementAndGet() > 0) {
            return;
        }
        if (descriptor.isMemory()) {
            descriptor.close();
            budget.giveBack();
        } else {
            budget.close(descriptor, budget::giveBack);
        }
    }
}
