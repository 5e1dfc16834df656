package io.clocktower.virtqueue;

import java.lang.foreign.MemorySegment;

/**
 * Where the parts of a virtqueue lie. VIRTIO 1.4, "Virtqueues".
 *
 * @param size the queue size, in descriptors
 * @param descriptorArea the descriptor table, or the descriptor ring of a packed virtqueue
 * @param driverArea the available ring, or the driver event suppression structure
 * @param deviceArea the used ring, or the device event suppression structure
 * @param isLogged whether what the device writes to them is marked in the memory's dirty log
 * @param descriptorLog the guest address under which a write to the start of the descriptor area is marked
 * @param deviceLog the same for the device area
 */
public record RingAreas(int size, MemorySegment descriptorArea, MemorySegment driverArea, MemorySegment deviceArea,
        boolean isLogged, long descriptorLog, long deviceLog) {

    /** Areas that are not logged. */
    public RingAreas(int size, MemorySegment descriptorArea, MemorySegment driverArea, MemorySegment deviceArea) {
        this(size, descriptorArea, driverArea, deviceArea, false, 0, 0);
    }
}
