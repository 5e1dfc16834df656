package io.clocktower.virtqueue;

import io.clocktower.fuzz.Choices;

/** {@link RingFuzz} of a packed virtqueue. */
public final class PackedRingFuzz {

    private static final RingFuzz RING = new RingFuzz();

    private PackedRingFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        RING.run(new Choices(input), RingFormat.PACKED);
    }
}
