package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/** The two formats of a virtqueue: how large their parts are, and what sizes and bases they allow. */
public enum RingFormat {

    /** VIRTIO 1.4, "Split Virtqueues". */
    SPLIT {

        @Override
        public boolean allowsSize(int size) {
            return size > 0 && size <= MAX_SIZE && Integer.bitCount(size) == 1;
        }

        @Override
        public boolean allowsBase(int base) {
            return base >>> Short.SIZE == 0;
        }

        @Override
        public int initialBase() {
            return 0;
        }

        @Override
        public long driverAreaBytes(int size, long features) {
            return SplitRing.availableBytes(size, (features & Feature.EVENT_IDX) != 0);
        }

        @Override
        public long deviceAreaBytes(int size, long features) {
            return SplitRing.usedBytes(size, (features & Feature.EVENT_IDX) != 0);
        }

        @Override
        public boolean isAligned(long descriptorArea, long driverArea, long deviceArea) {
            return descriptorArea % 16 == 0 && driverArea % 2 == 0 && deviceArea % 4 == 0;
        }

        @Override
        public OptionalInt baseIn(MemorySegment deviceArea) {
            return OptionalInt.of(SplitRing.usedIndex(deviceArea));
        }

        @Override
        public Virtqueue open(RingAreas areas, MemoryTable memory, long features, int base) {
            return new SplitVirtqueue(areas, memory, features, base);
        }
    },

    /** VIRTIO 1.4, "Packed Virtqueues". */
    PACKED {

        @Override
        public boolean allowsSize(int size) {
            return size > 0 && size <= MAX_SIZE;
        }

        @Override
        public boolean allowsBase(int base) {
            return true;
        }

        @Override
        public int initialBase() {
            return PackedVirtqueue.INITIAL_BASE;
        }

        @Override
        public long driverAreaBytes(int size, long features) {
            return PackedEvents.BYTES;
        }

        @Override
        public long deviceAreaBytes(int size, long features) {
            return PackedEvents.BYTES;
        }

        @Override
        public boolean isAligned(long descriptorArea, long driverArea, long deviceArea) {
            return descriptorArea % 16 == 0 && driverArea % 4 == 0 && deviceArea % 4 == 0;
        }

        @Override
        public OptionalInt baseIn(MemorySegment deviceArea) {
            return OptionalInt.empty();
        }

        @Override
        public Virtqueue open(RingAreas areas, MemoryTable memory, long features, int base) throws VirtqueueException {
            return new PackedVirtqueue(areas, memory, features, base);
        }
    };

    /** The largest queue size that the specification allows. */
    public static final int MAX_SIZE = 32768;

    /** The format that the negotiated features select. */
    public static RingFormat of(long features) {
        return (features & Feature.RING_PACKED) != 0 ? PACKED : SPLIT;
    }

    public abstract boolean allowsSize(int size);

    /** Whether SET_VRING_BASE may have this value. */
    public abstract boolean allowsBase(int base);

    /** Where a new ring begins. */
    public abstract int initialBase();

    public long descriptorAreaBytes(int size) {
        return DescriptorWords.BYTES * size;
    }

    public abstract long driverAreaBytes(int size, long features);

    public abstract long deviceAreaBytes(int size, long features);

    /** Whether the addresses of the areas are aligned as the driver MUST align them. */
    public abstract boolean isAligned(long descriptorArea, long driverArea, long deviceArea);

    /** How far a device came that uses buffers in their order, as its area says it; empty if that does not say it. */
    public abstract OptionalInt baseIn(MemorySegment deviceArea);

    /**
     * Opens a virtqueue.
     *
     * @param features the negotiated ones, as masks of {@link Feature}
     * @param base where it continues, as in SET_VRING_BASE
     * @throws VirtqueueException if the base is outside the ring
     */
    public abstract Virtqueue open(RingAreas areas, MemoryTable memory, long features, int base)
            throws VirtqueueException;
}
