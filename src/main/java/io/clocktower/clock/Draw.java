package io.clocktower.clock;

/** Random numbers that can be drawn in any order: each is a function of its seed and its place, by SplitMix64. */
public final class Draw {

    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private Draw() {}

    /**
     * A number from -range to +range.
     *
     * @param range
     *            0 to 2^62
     */
    static long between(long range, long seed, long place) {
        return below(2 * range + 1, seed, place) - range;
    }

    /**
     * A number from 0 to bound - 1.
     *
     * @param bound
     *            1 to 2^63 + 1, unsigned
     */
    public static long below(long bound, long seed, long place) {
        return Math.unsignedMultiplyHigh(bits(seed, place), bound);
    }

    /** Any 64 bits, which may seed draws of their own. */
    public static long bits(long seed, long place) {
        return mixed(mixed(seed) + (place + 1) * GOLDEN_GAMMA);
    }

    private static long mixed(long bits) {
        long once = (bits ^ bits >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        long twice = (once ^ once >>> 27) * 0x94D0_49BB_1331_11EBL;
        return twice ^ twice >>> 31;
    }
}
