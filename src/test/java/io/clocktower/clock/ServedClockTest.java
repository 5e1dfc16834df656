package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.clocktower.conformance.Proves;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;

class ServedClockTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long NOW = Instant.parse("2026-11-22T13:36:55Z").getEpochSecond() * SECOND + 7;
    private static final HostInstant HOST = new HostInstant(NOW + 37 * SECOND, NOW + 3, 12_345);

    private static ServedClock clock(ClockType type) {
        return new ServedClock(new ClockSpec(type, Smearing.UNSPECIFIED, false), LeapSeconds.builtIn());
    }

    /**
     * "For any UTC-like clock, the device MUST use the time epoch of January 1, 1970, 00:00 UTC." VIRTIO 1.4, "Control
     * Requests".
     */
    @Test
    @Proves({"rtc-control-01", "rtc-control-02", "rtc-control-03", "rtc-control-04"})
    void utcAndSmearedUtcAreDerivedFromTaiAndAgreeAwayFromLeapSeconds() {
        assertEquals(NOW, clock(ClockType.UTC).readNs(HOST));
        assertEquals(NOW, clock(ClockType.UTC_SMEARED).readNs(HOST));
    }

    /**
     * "For any clock of type VIRTIO_RTC_CLOCK_TAI, the device MUST use the time epoch of January 1, 1970, 00:00 TAI."
     * VIRTIO 1.4, "Control Requests".
     */
    @Test
    @Proves({"rtc-control-17", "rtc-control-18"})
    void taiIs37SecondsAheadOfUtc() {
        assertEquals(37 * SECOND, clock(ClockType.TAI).readNs(HOST) - clock(ClockType.UTC).readNs(HOST));
    }

    @Test
    @Proves({"rtc-control-02", "rtc-control-03", "rtc-control-16"})
    void maybeSmearedUtcIsTheHostsWallClockAsItIs() {
        assertEquals(NOW + 3, clock(ClockType.UTC_MAYBE_SMEARED).readNs(HOST));
    }

    /**
     * "For any clock of type VIRTIO_RTC_CLOCK_MONOTONIC, the device MUST use SI seconds subdivisions." VIRTIO 1.4,
     * "Control Requests".
     */
    @Test
    @Proves({"rtc-control-19", "rtc-control-20"})
    void monotonicIsTheTimeSinceTheHostsBootWhateverItsWallClockSays() {
        ServedClock monotonic = clock(ClockType.MONOTONIC);

        assertEquals(12_345, monotonic.readNs(HOST));
        assertEquals(12_346, monotonic.readNs(new HostInstant(-1, -1, 12_346)));
    }

    /**
     * "For any clock C of type VIRTIO_RTC_CLOCK_MONOTONIC and read requests A and B which read C, A being the request
     * which the driver marks as available before B, the device MUST set the clock_reading response value for request B
     * to a value greater than or equal to the clock_reading response value for request A." VIRTIO 1.4, "Read Requests".
     */
    @Test
    @Proves("rtc-read-04")
    void monotonicNeverGoesBackEvenIfTheHostDoes() {
        ServedClock monotonic = clock(ClockType.MONOTONIC);
        Random random = new Random(1);
        long highest = 0;
        for (int i = 0; i < 10_000; i++) {
            long boottimeNs = random.nextLong(1_000_000);
            highest = Math.max(highest, boottimeNs);
            assertEquals(highest, monotonic.readNs(new HostInstant(0, 0, boottimeNs)));
        }
    }

    @Test
    @Proves("rtc-control-22")
    void eachSmearingVariantSmearsItsOwnWay() {
        LeapSeconds table = LeapSeconds.builtIn().with(LocalDate.of(2026, 12, 31), +1);
        long midnight = Instant.parse("2027-01-01T00:00:00Z").getEpochSecond() * SECOND;
        HostInstant leapSecond = new HostInstant(midnight + 37 * SECOND, midnight, 0);

        assertEquals(midnight - SECOND,
                new ServedClock(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, false), table)
                        .readNs(leapSecond));
        assertEquals(midnight - SECOND / 2 + 5_786,
                smeared(Smearing.NOON_LINEAR, table).readNs(leapSecond));
        assertEquals(midnight - SECOND / 2 + 5_786,
                smeared(Smearing.UNSPECIFIED, table).readNs(leapSecond));
        assertEquals(midnight - 999_000_000L, smeared(Smearing.UTC_SLS, table).readNs(leapSecond));
    }

    private static ServedClock smeared(Smearing smearing, LeapSeconds table) {
        return new ServedClock(new ClockSpec(ClockType.UTC_SMEARED, smearing, true), table);
    }

    @Test
    void aReadingBeforeTheEpochIsNotRepresentableAndTheLastIsIn2554() {
        HostInstant nineSecondsPast = new HostInstant(9 * SECOND, ServedClock.UNREPRESENTABLE, 0);

        assertTrue(ServedClock.isRepresentable(clock(ClockType.TAI).readNs(nineSecondsPast)));
        assertFalse(ServedClock.isRepresentable(clock(ClockType.UTC).readNs(nineSecondsPast)));
        assertFalse(ServedClock.isRepresentable(clock(ClockType.UTC_SMEARED).readNs(nineSecondsPast)));
        assertFalse(ServedClock.isRepresentable(clock(ClockType.UTC_MAYBE_SMEARED).readNs(nineSecondsPast)));
        assertTrue(ServedClock.isRepresentable(0));
        assertTrue(ServedClock.isRepresentable(Long.MAX_VALUE));
        assertTrue(ServedClock.isRepresentable(Long.MIN_VALUE));
        assertTrue(ServedClock.isRepresentable(-2L));
        assertFalse(ServedClock.isRepresentable(-1L));
    }

    @Test
    void allClocksCanBeReadAtOneInstant() {
        int[] readings = new int[1];
        HostClock running = new HostClock() {
            @Override
            public long taiNs() {
                return NOW + 37 * SECOND + readings[0]++;
            }

            @Override
            public long realtimeNs() {
                return NOW + readings[0]++;
            }

            @Override
            public long boottimeNs() {
                return readings[0]++;
            }
        };

        HostInstant instant = HostInstant.of(running);

        assertEquals(3, readings[0]);
        assertEquals(new HostInstant(NOW + 37 * SECOND, NOW + 1, 2), instant);
        assertEquals(clock(ClockType.UTC).readNs(instant), clock(ClockType.UTC).readNs(instant));
    }

    @Test
    void readingAllocatesNothing() {
        LeapSeconds table = LeapSecondsTest.mixed();
        List<ServedClock> clocks = ClockSpec.DEFAULTS.stream().map(spec -> new ServedClock(spec, table)).toList();
        ServedClock[] all = clocks.toArray(ServedClock[]::new);
        HostClock[] instants = {HOST, new HostInstant(1_483_228_836 * SECOND, 0, 0), new HostInstant(0, 0, 0)};
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        readAll(all, instants);
        long before = threads.getCurrentThreadAllocatedBytes();
        readAll(all, instants);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertTrue(allocated < 1_000, () -> allocated + " bytes for 120,000 readings");
    }

    private static void readAll(ServedClock[] clocks, HostClock[] instants) {
        for (int i = 0; i < 10_000; i++) {
            for (ServedClock clock : clocks) {
                for (HostClock instant : instants) {
                    clock.readNs(instant);
                }
            }
        }
    }

    @Test
    void aClockKnowsItsSpecification() {
        ClockSpec spec = ClockSpec.DEFAULTS.getFirst();

        assertSame(spec, new ServedClock(spec, LeapSeconds.builtIn()).spec());
    }
}
