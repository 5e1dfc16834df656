package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDate;
import java.util.OptionalLong;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostTaiTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long NOW = Instant.parse("2026-11-22T13:36:55Z").getEpochSecond() * SECOND;

    @Test
    void taiIs37SecondsAheadOfUtcWhereTheKernelsOffsetWasNeverSet() {
        assertEquals(OptionalLong.empty(), HostTai.kernelOffsetSeconds(NOW, NOW));
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW, NOW, LeapSeconds.builtIn()));
    }

    /** Through an inserted leap second CLOCK_TAI runs on, while CLOCK_REALTIME steps back. */
    @Test
    void taiRunsOnThroughALeapSecondThatTheKernelKnows() {
        LeapSeconds table = LeapSeconds.builtIn().with(LocalDate.of(2026, 12, 31), 1);
        long midnight = Instant.parse("2027-01-01T00:00:00Z").getEpochSecond() * SECOND;
        for (long tai = midnight + 36 * SECOND; tai < midnight + 40 * SECOND; tai += SECOND / 4) {
            long offset = tai < midnight + 37 * SECOND ? 37 : 38;
            assertEquals(tai, HostTai.taiNs(tai, tai - offset * SECOND + 50, table));
        }
    }

    /** Whatever the kernel's offset is, and whether it knows of leap seconds or not. */
    @ParameterizedTest
    @ValueSource(longs = {0, 10, 36, 37, 38})
    void awayFromLeapSecondsOneReadingTellsWhatTwoDo(long kernelSeconds) {
        LeapSeconds table = LeapSeconds.builtIn().with(LocalDate.of(2026, 11, 30), 1).with(LocalDate.of(2026, 12, 31),
                -1);
        Random random = new Random(kernelSeconds);
        int told = 0;
        for (int i = 0; i < 100_000; i++) {
            long midnight = Instant.parse(i % 2 == 0 ? "2026-12-01T00:00:00Z" : "2027-01-01T00:00:00Z")
                    .getEpochSecond();
            long realtime = midnight * SECOND + random.nextLong(-20 * SECOND, 20 * SECOND);
            if (HostTai.isToldByRealtime(realtime, table)) {
                long expected = HostTai.taiNs(realtime + kernelSeconds * SECOND, realtime, table);
                assertEquals(expected, table.taiFromUtc(realtime), () -> "at " + Instant.ofEpochSecond(0, realtime));
                told++;
            }
        }
        assertTrue(told > 80_000, told + " of 100,000");
    }

    /** Inserted, CLOCK_REALTIME steps back by it at its end, and so is the last second before that twice. */
    @Test
    void aboutALeapSecondAndBefore1970OneReadingIsNotEnough() {
        LeapSeconds table = LeapSeconds.builtIn().with(LocalDate.of(2026, 12, 31), 1);
        long midnight = Instant.parse("2027-01-01T00:00:00Z").getEpochSecond() * SECOND;
        assertFalse(HostTai.isToldByRealtime(midnight - 2 * SECOND + 1, table));
        assertFalse(HostTai.isToldByRealtime(midnight, table));
        assertFalse(HostTai.isToldByRealtime(midnight + 2 * SECOND - 1, table));
        assertFalse(HostTai.isToldByRealtime(-1, table));
        assertTrue(HostTai.isToldByRealtime(midnight - 2 * SECOND, table));
        assertTrue(HostTai.isToldByRealtime(midnight + 2 * SECOND, table));
        assertTrue(HostTai.isToldByRealtime(0, table));
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 36, 38, 1_000_000})
    void utcDoesNotDependOnTheKernelsTaiOffset(long kernelSeconds) {
        LeapSeconds table = LeapSeconds.builtIn();
        long tai = HostTai.taiNs(NOW + kernelSeconds * SECOND, NOW, table);

        assertEquals(NOW, table.utcFromTai(tai));
        assertEquals(OptionalLong.of(kernelSeconds), HostTai.kernelOffsetSeconds(NOW + kernelSeconds * SECOND, NOW));
    }

    @Test
    void aPauseOrAStepOfTheHostsClockBetweenTheReadingsMakesNoGlitch() {
        LeapSeconds table = LeapSeconds.builtIn();
        Random random = new Random(37);
        for (int i = 0; i < 10_000; i++) {
            long step = random.nextLong(-100 * SECOND, 100 * SECOND);
            for (long kernelSeconds : new long[]{0, 36, 37, 38}) {
                long realtime = NOW + step;
                long utc = table.utcFromTai(HostTai.taiNs(NOW + kernelSeconds * SECOND, realtime, table));
                assertTrue(realtime - utc >= 0 && realtime - utc < 1_000_000, () -> kernelSeconds + " " + step);
            }
        }
    }

    @Test
    void anOffsetThatOnlyCountedLeapSecondsIsNoTaiOffset() {
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW + SECOND, NOW, LeapSeconds.builtIn()));
        assertEquals(NOW + 37 * SECOND, HostTai.taiNs(NOW - SECOND, NOW, LeapSeconds.builtIn()));
        assertEquals(OptionalLong.empty(), HostTai.kernelOffsetSeconds(NOW + 9 * SECOND, NOW));
        assertEquals(OptionalLong.of(10), HostTai.kernelOffsetSeconds(NOW + 10 * SECOND, NOW));
    }

    @Test
    void clocksSetBefore1970AreNotRepresentableAndThoseAtTheEndOfTheKernelsRangeAre() {
        assertEquals(ServedClock.UNREPRESENTABLE, HostTai.taiNs(-15 * SECOND, -15 * SECOND, LeapSeconds.builtIn()));
        assertEquals(ServedClock.UNREPRESENTABLE, HostTai.taiNs(-SECOND, -38 * SECOND, LeapSeconds.builtIn()));
        assertEquals(Long.MAX_VALUE + 37 * SECOND,
                HostTai.taiNs(Long.MAX_VALUE, Long.MAX_VALUE, LeapSeconds.builtIn()));
    }
}
