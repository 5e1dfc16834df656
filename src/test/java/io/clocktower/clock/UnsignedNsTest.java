package io.clocktower.clock;

import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Random;

import org.junit.jupiter.api.Test;

class UnsignedNsTest {

    private static final BigInteger END = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    private static final BigInteger BILLION = BigInteger.valueOf(1_000_000_000);
    private static final long[] BOUNDS = {0, 1, Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1,
            -3,
            -2, -1};

    @Test
    void anOffsetIsExactOrLeavesTheRange() {
        pairs((ns, offsetNs) -> assertEquals(
                expected(ns, unsigned(ns).add(BigInteger.valueOf(offsetNs))), UnsignedNs.add(ns, offsetNs)));
    }

    @Test
    void aShiftIsExactOrLeavesTheRange() {
        Random random = new Random(2);
        pairs((ns, fromNs) -> {
            long toNs = number(random);
            long expected = fromNs == -1 || toNs == -1
                    ? UNREPRESENTABLE
                    : expected(ns, unsigned(ns).add(unsigned(toNs)).subtract(unsigned(fromNs)));
            assertEquals(expected, UnsignedNs.shift(ns, fromNs, toNs));
        });
    }

    @Test
    void aShareOfAnElapsedTimeIsRoundedTowardsZeroAndExactOverCenturies() {
        Random random = new Random(3);
        pairs((ns, elapsedNs) -> {
            long ratePpb = switch (random.nextInt(4)) {
                case 0 -> 999_000_000_000L;
                case 1 -> -999_999_999L;
                case 2 -> random.nextLong(-1_000, 1_000);
                default -> random.nextLong(-999_999_999L, 999_000_000_001L);
            };
            BigInteger share = unsigned(elapsedNs).multiply(BigInteger.valueOf(ratePpb)).divide(BILLION);
            assertEquals(expected(ns, unsigned(ns).add(share)), UnsignedNs.addShare(ns, elapsedNs, ratePpb));
        });
    }

    @Test
    void theLowerAndTheHigherAreUnsigned() {
        assertEquals(5, UnsignedNs.min(5, -2));
        assertEquals(-2, UnsignedNs.max(5, -2));
    }

    private interface Check {
        void of(long ns, long other);
    }

    private static void pairs(Check check) {
        for (long ns : BOUNDS) {
            for (long other : BOUNDS) {
                check.of(ns, other);
            }
        }
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            check.of(number(random), number(random));
        }
    }

    private static long number(Random random) {
        long any = random.nextLong() >>> random.nextInt(64);
        return random.nextInt(8) == 0 ? BOUNDS[random.nextInt(BOUNDS.length)] : any;
    }

    private static BigInteger unsigned(long ns) {
        return new BigInteger(Long.toUnsignedString(ns));
    }

    private static long expected(long ns, BigInteger result) {
        return ns == UNREPRESENTABLE || result.signum() < 0 || result.compareTo(END) >= 0
                ? UNREPRESENTABLE
                : result.longValue();
    }
}
