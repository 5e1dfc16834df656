package io.clocktower.clock;

import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;

/**
 * Arithmetic on readings: unsigned 64-bit counts of nanoseconds. {@link ServedClock#UNREPRESENTABLE} is not a reading.
 * Out of that comes nothing but that, and whatever leaves the range becomes it. Nothing is allocated.
 */
final class UnsignedNs {

    private static final long PPB = 1_000_000_000L;
    private static final long LOW_HALF = 0xFFFF_FFFFL;

    private UnsignedNs() {}

    /** A reading moved by a signed offset. */
    static long add(long ns, long offsetNs) {
        // The magnitude of the lowest offset is 2^63, which it is as an unsigned number.
        return offsetNs >= 0 ? plus(ns, offsetNs) : minus(ns, -offsetNs);
    }

    /** A reading moved as far as it is from one reading to another. */
    static long shift(long ns, long fromNs, long toNs) {
        if (fromNs == UNREPRESENTABLE || toNs == UNREPRESENTABLE) {
            return UNREPRESENTABLE;
        }
        return isBefore(toNs, fromNs) ? minus(ns, fromNs - toNs) : plus(ns, toNs - fromNs);
    }

    /**
     * A reading moved by so many billionths of an elapsed time, the product rounded towards zero.
     *
     * @param elapsedNs
     *            unsigned, all 64 bits
     * @param ratePpb
     *            any but the lowest number
     */
    static long addShare(long ns, long elapsedNs, long ratePpb) {
        long magnitude = share(elapsedNs, Math.abs(ratePpb));
        return ratePpb >= 0 ? plus(ns, magnitude) : minus(ns, magnitude);
    }

    static boolean isBefore(long ns, long otherNs) {
        return Long.compareUnsigned(ns, otherNs) < 0;
    }

    static long min(long ns, long otherNs) {
        return isBefore(ns, otherNs) ? ns : otherNs;
    }

    static long max(long ns, long otherNs) {
        return isBefore(ns, otherNs) ? otherNs : ns;
    }

    private static long plus(long ns, long magnitude) {
        // If it wraps it comes out below; if it just does not, it is the one that is not representable.
        return ns == UNREPRESENTABLE || isBefore(ns + magnitude, ns) ? UNREPRESENTABLE : ns + magnitude;
    }

    private static long minus(long ns, long magnitude) {
        return ns == UNREPRESENTABLE || isBefore(ns, magnitude) ? UNREPRESENTABLE : ns - magnitude;
    }

    /** The unsigned quotient of a 128-bit product; 2^64 - 1, which no reading can be moved by, if it is more. */
    private static long share(long elapsedNs, long ratePpb) {
        long high = Math.unsignedMultiplyHigh(elapsedNs, ratePpb);
        long low = elapsedNs * ratePpb;
        if (high == 0 && low >= 0) {
            return low / PPB;
        }
        if (!isBefore(high, PPB)) {
            return -1;
        }
        // Long division, 32 bits a digit: a remainder has no more than 30.
        long upper = high << Integer.SIZE | low >>> Integer.SIZE;
        long lower = upper % PPB << Integer.SIZE | low & LOW_HALF;
        return upper / PPB << Integer.SIZE | lower / PPB;
    }
}
