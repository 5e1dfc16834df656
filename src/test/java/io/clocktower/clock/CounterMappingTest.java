package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CounterMappingTest {

    private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(64);

    @Test
    void aMappingIsExactForEveryCounterAndScale() {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            long host = random.nextLong();
            long ratio = random.nextLong() | 1;
            int bits = random.nextInt(64);
            long offset = random.nextLong();
            BigInteger exact = unsigned(host).multiply(unsigned(ratio)).shiftRight(bits).add(unsigned(offset))
                    .mod(TWO_TO_64);
            assertEquals(exact.longValue(), new CounterMapping(offset, ratio, bits).guestCycles(host));
        }
    }

    private static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    /** As KVM scales on Intel: 48 bits of fraction. */
    @Test
    void aScaleOfOneHalfHalvesTheCounter() {
        assertEquals(1_000_000 - 3, new CounterMapping(-3, 1L << 47, 48).guestCycles(2_000_000));
    }

    @Test
    void anUnscaledCounterDiffersByTheOffset() {
        assertEquals(90, CounterMapping.unscaled(-10).guestCycles(100));
    }

    @Test
    void whatCannotBeNamesItsComponent() {
        assertEquals("ratio: 0, expected 1 or more",
                assertThrows(IllegalArgumentException.class, () -> new CounterMapping(1, 0, 0)).getMessage());
        for (int bits : new int[]{-1, 64, Integer.MAX_VALUE}) {
            assertEquals("fractionBits: " + bits + ", expected 0 to 63",
                    assertThrows(IllegalArgumentException.class, () -> new CounterMapping(1, 1, bits)).getMessage());
        }
    }
}
