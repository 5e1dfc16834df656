package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Random;

import org.junit.jupiter.api.Test;

class HostTaiTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long NOW = Instant.parse("2026-11-22T13:36:55Z").getEpochSecond() * SECOND;

    @Test
    void taiIs37SecondsAheadOfUtcOnAKernelThatWasNeverTold() {
        assertFalse(HostTai.isOffsetKnown(NOW, NOW));
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW, NOW, LeapSeconds.builtIn()));
    }

    @Test
    void taiIsTheKernelsWhereItKnowsItsOffset() {
        long clockTai = NOW + 37 * SECOND;

        assertTrue(HostTai.isOffsetKnown(clockTai, NOW));
        assertEquals(clockTai, HostTai.taiNs(clockTai, NOW + 50, LeapSeconds.builtIn()));
    }

    @Test
    void theKernelIsBelievedOverATableThatHasNotHeardOfALeapSecond() {
        long clockTai = NOW + 38 * SECOND;

        assertEquals(clockTai, HostTai.taiNs(clockTai, NOW, LeapSeconds.builtIn()));
    }

    @Test
    void timeBetweenTheReadingsDecidesNothing() {
        Random random = new Random(37);
        for (int i = 0; i < 10_000; i++) {
            long late = random.nextLong(20 * SECOND);
            assertFalse(HostTai.isOffsetKnown(NOW, NOW + late));
            assertTrue(HostTai.isOffsetKnown(NOW + 37 * SECOND, NOW + late));
        }
    }

    @Test
    void anOffsetThatOnlyCountedLeapSecondsIsNoTaiOffset() {
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW + SECOND, NOW, LeapSeconds.builtIn()));
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW - SECOND, NOW, LeapSeconds.builtIn()));
        assertFalse(HostTai.isOffsetKnown(NOW + 9 * SECOND, NOW));
        assertTrue(HostTai.isOffsetKnown(NOW + 10 * SECOND, NOW));
    }

    @Test
    void clocksSetBefore1970AreNotRepresentableAndThoseAtTheEndOfTheKernelsRangeAre() {
        assertEquals(ServedClock.UNREPRESENTABLE, HostTai.taiNs(-15 * SECOND, -15 * SECOND, LeapSeconds.builtIn()));
        assertEquals(ServedClock.UNREPRESENTABLE, HostTai.taiNs(-SECOND, -38 * SECOND, LeapSeconds.builtIn()));
        assertEquals(Long.MAX_VALUE + 37 * SECOND,
                HostTai.taiNs(Long.MAX_VALUE, Long.MAX_VALUE, LeapSeconds.builtIn()));
    }
}
