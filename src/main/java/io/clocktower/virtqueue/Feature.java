package io.clocktower.virtqueue;

/** The feature bits, as masks, that concern every device. VIRTIO 1.4, "Reserved Feature Bits". */
public final class Feature {

    public static final long INDIRECT_DESC = 1L << 28;
    public static final long EVENT_IDX = 1L << 29;
    public static final long VERSION_1 = 1L << 32;
    public static final long RING_PACKED = 1L << 34;

    private Feature() {}
}
