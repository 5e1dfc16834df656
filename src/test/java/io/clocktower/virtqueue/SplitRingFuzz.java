package io.clocktower.virtqueue;

import io.clocktower.fuzz.Choices;

/** {@link RingFuzz} of a split virtqueue. */
public final class SplitRingFuzz {

    private static final RingFuzz RING = new RingFuzz();

    private SplitRingFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        RING.run(new Choices(input), RingFormat.SPLIT);
    }
}
