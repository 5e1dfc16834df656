package io.clocktower.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.bucket4j.TimeMeter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many changes a caller may make, in time that the test moves. */
class ChangeRateTest {

    private static final long NS_A_SECOND = 1_000_000_000;

    private long nowNs = 1;

    private final ChangeRate rate = new ChangeRate(200, new TimeMeter() {

        @Override
        public long currentTimeNanos() {
            return nowNs;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    });

    private long allowed(String caller, int changes) {
        return IntStream.range(0, changes).filter(_ -> rate.waitNs(caller) == 0).count();
    }

    @Test
    void aBurstAndThenSoManyASecond() {
        assertEquals(1_000, allowed("ann", 1_500));
        assertEquals(NS_A_SECOND / 200, rate.waitNs("ann"));

        nowNs += NS_A_SECOND;
        assertEquals(200, allowed("ann", 500));

        nowNs += 100 * NS_A_SECOND;
        assertEquals(1_000, allowed("ann", 1_500));
    }

    @Test
    void eachCallerHasItsOwn() {
        assertEquals(1_000, allowed("ann", 1_500));
        assertEquals(1_000, allowed("bob", 1_500));
    }

    @Test
    void notEveryCallerIsRemembered() {
        IntStream.range(0, 50_000).forEach(i -> assertEquals(0, rate.waitNs("caller " + i)));

        assertTrue(rate.callers() <= 10_000);
    }
}
