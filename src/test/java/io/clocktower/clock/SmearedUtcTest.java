package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** VIRTIO 1.4, "Smearing Variants" and the device requirements of "Control Requests". */
class SmearedUtcTest {

    private static final long SECOND = 1_000_000_000L;

    /** A leap second as one variant smears it, with instants in nanoseconds of TAI and the smeared clock's own. */
    record Smear(LeapSecondsTest.Leap leap, Smearing smearing, long startTaiNs, long endTaiNs, long startNs,
            long endNs) {

        static Smear of(LeapSecondsTest.Leap leap, Smearing smearing) {
            long midnight = leap.midnightSeconds();
            if (smearing == Smearing.UTC_SLS) {
                long end = midnight + leap.after();
                return new Smear(leap, smearing, (end - 1000) * SECOND, end * SECOND,
                        (end - 1000 - leap.before()) * SECOND, midnight * SECOND);
            }
            return new Smear(leap, smearing, (midnight - 43_200 + leap.before()) * SECOND,
                    (midnight + 43_200 + leap.after()) * SECOND, (midnight - 43_200) * SECOND,
                    (midnight + 43_200) * SECOND);
        }

        SmearedUtc clock() {
            return new SmearedUtc(leap.table(), smearing);
        }

        int change() {
            return leap.after() - leap.before();
        }

        /** The straight line from start to end, by decimal arithmetic. */
        long exactNs(long taiNs) {
            BigDecimal elapsed = BigDecimal.valueOf(taiNs).subtract(BigDecimal.valueOf(startTaiNs));
            return BigDecimal.valueOf(endNs - startNs).multiply(elapsed)
                    .divide(BigDecimal.valueOf(endTaiNs - startTaiNs), 0, RoundingMode.FLOOR)
                    .add(BigDecimal.valueOf(startNs)).longValueExact();
        }

        @Override
        public String toString() {
            return smearing + " of " + leap;
        }
    }

    static Stream<Smear> smears() {
        return LeapSecondsTest.leaps()
                .flatMap(leap -> Stream.of(Smearing.NOON_LINEAR, Smearing.UTC_SLS).map(s -> Smear.of(leap, s)));
    }

    static Stream<Smear> noonLinearSmears() {
        return smears().filter(smear -> smear.smearing() == Smearing.NOON_LINEAR);
    }

    static Stream<Smear> slsSmears() {
        return smears().filter(smear -> smear.smearing() == Smearing.UTC_SLS);
    }

    /**
     * "For any clock with smearing variant VIRTIO_RTC_SMEAR_NOON_LINEAR, on a leap second, the device MUST change the
     * frequency of the clock exactly from noon prior to the leap second until noon after the leap second." VIRTIO 1.4,
     * "Control Requests".
     */
    @ParameterizedTest
    @MethodSource("noonLinearSmears")
    @Proves({"rtc-control-08", "rtc-control-09", "rtc-control-10"})
    void noonLinearSmearsExactlyFromNoonToNoon(Smear smear) {
        SmearedUtc clock = smear.clock();
        long noonBefore = (smear.leap().midnightSeconds() - 43_200) * SECOND;
        long noonAfter = (smear.leap().midnightSeconds() + 43_200) * SECOND;
        long beforeTaiNs = noonBefore + smear.leap().before() * SECOND;
        long afterTaiNs = noonAfter + smear.leap().after() * SECOND;

        assertEquals(noonBefore - 1, clock.utcFromTai(beforeTaiNs - 1));
        assertEquals(noonBefore, clock.utcFromTai(beforeTaiNs));
        assertEquals(noonAfter, clock.utcFromTai(afterTaiNs));
        assertEquals(noonAfter + 1, clock.utcFromTai(afterTaiNs + 1));
        assertEquals((86_400 + smear.change()) * SECOND, afterTaiNs - beforeTaiNs);
        assertEquals(noonBefore - 3600 * SECOND, clock.utcFromTai(beforeTaiNs - 3600 * SECOND));
        assertEquals(noonAfter + 3600 * SECOND, clock.utcFromTai(afterTaiNs + 3600 * SECOND));
    }

    /**
     * "For any clock with smearing variant VIRTIO_RTC_SMEAR_NOON_LINEAR, while changing the frequency of the clock due
     * to a positive leap second, the device MUST decrease the frequency of the clock by 1/86400", and increase it for a
     * negative one. VIRTIO 1.4, "Control Requests". Each smeared second lasts 1/86400 s longer, or less long.
     */
    @ParameterizedTest
    @MethodSource("noonLinearSmears")
    @Proves({"rtc-control-08", "rtc-control-09", "rtc-control-11", "rtc-control-12"})
    void noonLinearChangesTheLengthOfEverySecondByOne86400th(Smear smear) {
        SmearedUtc clock = smear.clock();
        for (long second = 0; second <= 86_400; second += 2_160) {
            // 2,160 smeared seconds last 2,160 s and 25 ms more or less.
            long taiNs = smear.startTaiNs() + second * SECOND + smear.change() * second / 2_160 * 25_000_000L;
            assertEquals(smear.startNs() + second * SECOND, clock.utcFromTai(taiNs));
        }
    }

    /**
     * "For any clock with smearing variant VIRTIO_RTC_SMEAR_UTC_SLS, on a leap second, the device MUST change the
     * frequency of the clock exactly during the last 1000 seconds of the day with the leap second." VIRTIO 1.4,
     * "Control Requests".
     */
    @ParameterizedTest
    @MethodSource("slsSmears")
    @Proves({"rtc-control-08", "rtc-control-09", "rtc-control-13"})
    void utcSlsSmearsExactlyTheLast1000SecondsOfTheDay(Smear smear) {
        SmearedUtc clock = smear.clock();
        long midnight = smear.leap().midnightSeconds() * SECOND;
        long midnightTaiNs = midnight + smear.leap().after() * SECOND;
        // 23:43:21 on a day with a second more, 23:43:19 on one with a second less.
        long start = midnight - (smear.change() > 0 ? 999 : 1_001) * SECOND;

        assertEquals(start - 1, clock.utcFromTai(midnightTaiNs - 1_000 * SECOND - 1));
        assertEquals(start, clock.utcFromTai(midnightTaiNs - 1_000 * SECOND));
        assertEquals(midnight, clock.utcFromTai(midnightTaiNs));
        assertEquals(midnight + 1, clock.utcFromTai(midnightTaiNs + 1));
        assertEquals(midnight - 43_200 * SECOND,
                clock.utcFromTai(midnight + (smear.leap().before() - 43_200) * SECOND));
        assertEquals(midnight + 43_200 * SECOND, clock.utcFromTai(midnightTaiNs + 43_200 * SECOND));
    }

    /**
     * "For any clock with smearing variant VIRTIO_RTC_SMEAR_UTC_SLS, while changing the frequency of the clock due to a
     * positive leap second, the device MUST decrease the frequency of the clock by 0.1%", and increase it for a
     * negative one. VIRTIO 1.4, "Control Requests".
     */
    @ParameterizedTest
    @MethodSource("slsSmears")
    @Proves({"rtc-control-08", "rtc-control-09", "rtc-control-14", "rtc-control-15"})
    void utcSlsChangesTheFrequencyByOneThousandth(Smear smear) {
        SmearedUtc clock = smear.clock();
        for (long second = 0; second <= 1_000; second++) {
            assertEquals(smear.startNs() + second * SECOND - smear.change() * second * 1_000_000L,
                    clock.utcFromTai(smear.startTaiNs() + second * SECOND));
        }
    }

    @ParameterizedTest
    @MethodSource("smears")
    void readingsAreTheStraightLineRoundedDownToTheNanosecond(Smear smear) {
        SmearedUtc clock = smear.clock();
        long length = smear.endTaiNs() - smear.startTaiNs();
        Random random = new Random(86_400);

        for (long elapsed = 0; elapsed <= 5_000; elapsed++) {
            assertExact(smear, clock, smear.startTaiNs() + elapsed);
            assertExact(smear, clock, smear.endTaiNs() - elapsed);
            assertExact(smear, clock, smear.leap().startTaiNs() - 2_500 + elapsed);
        }
        for (int i = 0; i < 2_000; i++) {
            assertExact(smear, clock, smear.startTaiNs() + random.nextLong(length));
        }
    }

    private static void assertExact(Smear smear, SmearedUtc clock, long taiNs) {
        if (taiNs <= smear.endTaiNs()) {
            assertEquals(smear.exactNs(taiNs), clock.utcFromTai(taiNs), () -> smear + " at TAI " + taiNs);
        }
    }

    /**
     * "For any leap smearing clock, the device MUST NOT step the clock due to a leap second." VIRTIO 1.4, "Control
     * Requests". From any nanosecond to the next, the reading rises by 1 ns, less or more by no more than 1 ns.
     */
    @ParameterizedTest
    @MethodSource("smears")
    @Proves("rtc-control-07")
    void readingsNeverStepAndNeverGoBack(Smear smear) {
        Random random = new Random(1_000);

        assertSmooth(smear, smear.startTaiNs() - 2_000, 4_000);
        assertSmooth(smear, smear.startTaiNs() + 86_000, 88_000);
        assertSmooth(smear, smear.leap().startTaiNs() - 2_000, 4_000);
        assertSmooth(smear, smear.leap().startTaiNs() + SECOND - 2_000, 4_000);
        assertSmooth(smear, smear.endTaiNs() - 88_000, 90_000);
        for (int i = 0; i < 20; i++) {
            assertSmooth(smear, smear.startTaiNs() + random.nextLong(smear.endTaiNs() - smear.startTaiNs()), 500);
        }
    }

    private static void assertSmooth(Smear smear, long fromTaiNs, int count) {
        SmearedUtc clock = smear.clock();
        long beforePrevious = clock.utcFromTai(fromTaiNs);
        long previous = clock.utcFromTai(fromTaiNs + 1);
        for (long taiNs = fromTaiNs + 2; taiNs < fromTaiNs + count; taiNs++) {
            long reading = clock.utcFromTai(taiNs);
            if (reading < previous || reading > previous + 2 || reading <= beforePrevious) {
                throw new AssertionError(
                        smear + ": " + beforePrevious + ", " + previous + ", " + reading + " at TAI " + taiNs);
            }
            beforePrevious = previous;
            previous = reading;
        }
    }

    @ParameterizedTest
    @MethodSource("smears")
    void readingsRiseOverTheWholeSmear(Smear smear) {
        SmearedUtc clock = smear.clock();
        Random random = new Random(60);
        long taiNs = smear.startTaiNs() - 60 * SECOND;
        long previous = clock.utcFromTai(taiNs);
        long meanStep = (smear.endTaiNs() - smear.startTaiNs()) / 5_000;
        while (taiNs < smear.endTaiNs() + 60 * SECOND) {
            taiNs += random.nextLong(2, 2 * meanStep);
            long reading = clock.utcFromTai(taiNs);
            assertTrue(reading > previous);
            previous = reading;
        }
    }

    @ParameterizedTest
    @MethodSource("smears")
    void readingsStayWithinHalfASecondOfUtcOrOneForUtcSls(Smear smear) {
        SmearedUtc clock = smear.clock();
        // The leap second is not in the very middle of its smear: half of it is 6 us of smear away.
        long bound = smear.smearing() == Smearing.UTC_SLS ? SECOND : SECOND / 2 + 5_788;
        long step = (smear.endTaiNs() - smear.startTaiNs()) / 4_001;
        for (long taiNs = smear.startTaiNs(); taiNs <= smear.endTaiNs(); taiNs += step) {
            assertWithin(bound, smear, clock, taiNs);
        }
        assertWithin(bound, smear, clock, smear.leap().startTaiNs() - 1);
        assertWithin(bound, smear, clock, smear.leap().startTaiNs());
        assertWithin(bound, smear, clock, smear.leap().startTaiNs() + SECOND);
    }

    private static void assertWithin(long bound, Smear smear, SmearedUtc clock, long taiNs) {
        long fromUtcNs = clock.utcFromTai(taiNs) - smear.leap().table().utcFromTai(taiNs);
        assertTrue(Math.abs(fromUtcNs) <= bound, () -> fromUtcNs + " ns from UTC");
    }

    @ParameterizedTest
    @EnumSource
    @Proves({"rtc-control-02", "rtc-control-04"})
    void readingsAreUtcWhereNoLeapSecondIsNear(Smearing smearing) {
        Random random = new Random(37);
        LeapSeconds table = LeapSecondsTest.mixed();
        SmearedUtc clock = new SmearedUtc(table, smearing);
        List<Smear> smears = smears().toList();
        for (int i = 0; i < 20_000; i++) {
            long taiNs = random.nextLong(3_000_000_000L * SECOND);
            if (smears.stream().noneMatch(smear -> taiNs >= smear.startTaiNs() && taiNs < smear.endTaiNs())) {
                assertEquals(table.utcFromTai(taiNs), clock.utcFromTai(taiNs));
            }
        }
        assertEquals(table.utcFromTai(Long.MAX_VALUE), clock.utcFromTai(Long.MAX_VALUE));
        assertEquals(table.utcFromTai(-2L), clock.utcFromTai(-2L));
        assertEquals(ServedClock.UNREPRESENTABLE, clock.utcFromTai(9 * SECOND));
        assertEquals(ServedClock.UNREPRESENTABLE, clock.utcFromTai(ServedClock.UNREPRESENTABLE));
    }

    @ParameterizedTest
    @MethodSource("noonLinearSmears")
    void anUnspecifiedVariantIsServedAsNoonLinear(Smear smear) {
        SmearedUtc unspecified = new SmearedUtc(smear.leap().table(), Smearing.UNSPECIFIED);
        for (long taiNs = smear.startTaiNs() - SECOND; taiNs < smear.endTaiNs() + SECOND; taiNs += 997 * SECOND) {
            assertEquals(smear.clock().utcFromTai(taiNs), unspecified.utcFromTai(taiNs));
        }
    }
}
