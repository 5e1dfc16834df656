package io.clocktower.virtqueue;

import java.lang.foreign.MemorySegment;

/**
 * Where the parts of a virtqueue lie. VIRTIO 1.4, "Virtqueues".
 *
 * @param size the queue size, in descriptors
 * @param descriptorArea the descriptor table, or the descriptor ring of a packed virtqueue
 * @param driverArea the available ring, or the driver event suppression structure
 * @param deviceArea the used ring, or the device event suppression structure
 */
public record RingAreas(int size, MemorySegment descriptorArea, MemorySegment driverArea, MemorySegment deviceArea) {}
