package io.clocktower.clock;

import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LeapSecondsTest {

    private static final long SECOND = 1_000_000_000L;

    /** A leap second: the midnight after it as Unix time counts it, and TAI − UTC before and after it. */
    record Leap(LeapSeconds table, long midnightSeconds, int before, int after) {

        /** TAI when the second that is inserted or removed begins. */
        long startTaiNs() {
            return (midnightSeconds + Math.min(before, after)) * SECOND;
        }

        @Override
        public String toString() {
            return (after - before) + " s before " + Instant.ofEpochSecond(midnightSeconds);
        }
    }

    /** All historic leap seconds, and rehearsed ones of both signs. */
    static Stream<Leap> leaps() {
        int historic = LeapSeconds.builtIn().entries().size();
        return Stream.concat(IntStream.range(1, historic).mapToObj(i -> leap(LeapSeconds.builtIn(), i)),
                IntStream.range(historic - 1, mixed().entries().size()).mapToObj(i -> leap(mixed(), i)));
    }

    private static Leap leap(LeapSeconds table, int i) {
        List<LeapSeconds.Entry> entries = table.entries();
        return new Leap(table, entries.get(i).utcSeconds(), entries.get(i - 1).taiMinusUtcSeconds(),
                entries.get(i).taiMinusUtcSeconds());
    }

    /** Two negative leap seconds a month apart, a positive one a month later, and the last one there can be. */
    static LeapSeconds mixed() {
        return LeapSeconds.builtIn().with(LocalDate.of(2027, 12, 31), -1).with(LocalDate.of(2028, 1, 31), -1)
                .with(LocalDate.of(2028, 2, 29), +1)
                .with(LocalDate.of(2261, 11, 30), -1);
    }

    @Test
    void builtInTableHasThe27LeapSecondsThatTimeHasSeen() {
        LeapSeconds table = LeapSeconds.builtIn();

        assertEquals(28, table.entries().size());
        assertEquals(new LeapSeconds.Entry(63_072_000L, 10), table.entries().getFirst());
        assertEquals(new LeapSeconds.Entry(1_483_228_800L, 37), table.entries().getLast());
        assertEquals("built-in", table.source());
    }

    @ParameterizedTest
    @CsvSource({"1970-01-01, 10", "1972-01-01, 10", "1972-06-30, 10", "1972-07-01, 11", "1980-01-06, 19",
            "1999-01-01, 32", "2005-12-31, 32", "2006-01-01, 33", "2012-07-01, 35", "2015-07-01, 36", "2016-12-31, 36",
            "2017-01-01, 37", "2026-11-22, 37", "2262-01-01, 37"})
    @Proves({"rtc-control-01", "rtc-control-03", "rtc-control-04", "rtc-control-18"})
    void offsetIsTheOneOfTheDay(LocalDate day, int offset) {
        long utcNs = day.toEpochDay() * 86_400 * SECOND;
        LeapSeconds table = LeapSeconds.builtIn();

        assertEquals(utcNs + offset * SECOND, table.taiFromUtc(utcNs));
        assertEquals(utcNs, table.utcFromTai(utcNs + offset * SECOND));
        assertEquals(offset, table.taiMinusUtcSecondsAtTai(utcNs + offset * SECOND));
    }

    /**
     * "For any clock of type VIRTIO_RTC_CLOCK_UTC, the device MUST apply a positive leap second according to the UTC
     * time standard by instantaneously stepping the clock backwards by 1 s at the start of the leap second." VIRTIO
     * 1.4, "Control Requests"; and the sentence after it for a negative leap second: "stepping the clock forward by 1
     * s".
     */
    @ParameterizedTest
    @MethodSource("leaps")
    @Proves({"rtc-control-04", "rtc-control-05", "rtc-control-06"})
    void utcStepsByOneSecondAtTheStartOfALeapSecond(Leap leap) {
        LeapSeconds table = leap.table();
        long step = leap.startTaiNs();
        long midnight = leap.midnightSeconds() * SECOND;
        boolean isPositive = leap.after() > leap.before();
        long countAtStart = isPositive ? midnight : midnight - SECOND;

        assertEquals(countAtStart - 1, table.utcFromTai(step - 1));
        assertEquals(isPositive ? countAtStart - SECOND : countAtStart + SECOND, table.utcFromTai(step));
        assertEquals(isPositive ? countAtStart - SECOND + 1 : countAtStart + SECOND + 1, table.utcFromTai(step + 1));
        assertEquals(leap.before(), table.taiMinusUtcSecondsAtTai(step - 1));
        assertEquals(leap.after(), table.taiMinusUtcSecondsAtTai(step));
    }

    @ParameterizedTest
    @MethodSource("leaps")
    void utcIsMidnightWhereTheNewOffsetComesIntoForce(Leap leap) {
        long midnight = leap.midnightSeconds() * SECOND;
        long endTaiNs = midnight + leap.after() * SECOND;

        assertEquals(midnight, leap.table().utcFromTai(endTaiNs));
        assertEquals(midnight + 1, leap.table().utcFromTai(endTaiNs + 1));
        assertEquals(leap.after() > leap.before() ? midnight - 1 : midnight - SECOND - 1,
                leap.table().utcFromTai(endTaiNs - 1));
    }

    @ParameterizedTest
    @MethodSource("leaps")
    void utcIsAsFarFromTaiAsTheTableSaysNoonBeforeAndAfter(Leap leap) {
        long noonBefore = (leap.midnightSeconds() - 43_200) * SECOND;
        long noonAfter = (leap.midnightSeconds() + 43_200) * SECOND;

        assertEquals(noonBefore, leap.table().utcFromTai(noonBefore + leap.before() * SECOND));
        assertEquals(noonAfter, leap.table().utcFromTai(noonAfter + leap.after() * SECOND));
    }

    @ParameterizedTest
    @MethodSource("leaps")
    void aRepeatedSecondIsTakenAsTheOneBeforeTheLeapSecond(Leap leap) {
        long midnight = leap.midnightSeconds() * SECOND;

        assertEquals(midnight - 1 + leap.before() * SECOND, leap.table().taiFromUtc(midnight - 1));
        assertEquals(midnight - SECOND + leap.before() * SECOND, leap.table().taiFromUtc(midnight - SECOND));
        assertEquals(midnight + leap.after() * SECOND, leap.table().taiFromUtc(midnight));
    }

    @Test
    void everyUtcCountThatExistsConvertsToTaiAndBack() {
        Random random = new Random(1972);
        for (LeapSeconds table : List.of(LeapSeconds.builtIn(), mixed())) {
            for (int i = 0; i < 100_000; i++) {
                // At random from all of the range, and from the hour around each leap second.
                LeapSeconds.Entry entry = table.entries().get(i % table.entries().size());
                long utcNs = i % 2 == 0
                        ? random.nextLong(Long.MAX_VALUE - 100 * SECOND)
                        : entry.utcSeconds() * SECOND + random.nextLong(-1_800 * SECOND, 1_800 * SECOND);
                if (!isRemoved(table, utcNs)) {
                    assertEquals(utcNs, table.utcFromTai(table.taiFromUtc(utcNs)));
                }
            }
        }
    }

    private static boolean isRemoved(LeapSeconds table, long utcNs) {
        int offset = 10;
        for (LeapSeconds.Entry entry : table.entries()) {
            boolean isInLastSecond = Math.floorDiv(utcNs, SECOND) == entry.utcSeconds() - 1;
            if (isInLastSecond && entry.taiMinusUtcSeconds() < offset) {
                return true;
            }
            offset = entry.taiMinusUtcSeconds();
        }
        return false;
    }

    @Test
    void offsetBefore1972IsTenSeconds() {
        assertEquals(0, LeapSeconds.builtIn().utcFromTai(10 * SECOND));
        assertEquals(10, LeapSeconds.builtIn().taiMinusUtcSecondsAtTai(0));
        assertEquals(10 * SECOND, LeapSeconds.builtIn().taiFromUtc(0));
    }

    @Test
    void whatIsBefore1970OrPast2554IsNotRepresentable() {
        LeapSeconds table = LeapSeconds.builtIn();

        assertEquals(UNREPRESENTABLE, table.utcFromTai(10 * SECOND - 1));
        assertEquals(UNREPRESENTABLE, table.utcFromTai(0));
        assertEquals(UNREPRESENTABLE, table.utcFromTai(UNREPRESENTABLE));
        assertEquals(UNREPRESENTABLE, table.taiFromUtc(UNREPRESENTABLE));
        assertEquals(UNREPRESENTABLE, table.taiFromUtc(UNREPRESENTABLE - 37 * SECOND));
        assertEquals(UNREPRESENTABLE, table.taiFromUtc(-2L));
    }

    @Test
    void conversionsGoOnPast2262ToTheEndOfTheUnsignedRange() {
        LeapSeconds table = LeapSeconds.builtIn();

        for (long taiNs : new long[]{Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 5, -2L}) {
            assertEquals(taiNs - 37 * SECOND, table.utcFromTai(taiNs));
            assertEquals(taiNs, table.taiFromUtc(taiNs - 37 * SECOND));
            assertEquals(37, table.taiMinusUtcSecondsAtTai(taiNs));
        }
    }

    @Test
    void aRehearsedLeapSecondChangesNothingBeforeItAndLeavesTheTableItWasMadeFrom() {
        LeapSeconds rehearsed = LeapSeconds.builtIn().with(LocalDate.of(2026, 12, 31), +1);
        long step = (1_798_761_600L + 37) * SECOND;

        assertEquals(LeapSeconds.builtIn().utcFromTai(step - 1), rehearsed.utcFromTai(step - 1));
        assertEquals(LeapSeconds.builtIn().utcFromTai(step) - SECOND, rehearsed.utcFromTai(step));
        assertEquals(28, LeapSeconds.builtIn().entries().size());
        assertEquals(29, rehearsed.entries().size());
        assertEquals(LeapSeconds.builtIn().expiresAt(), rehearsed.expiresAt());
        assertEquals("built-in with a rehearsed +1 s on 2026-12-31", rehearsed.source());
    }

    @ParameterizedTest
    @CsvSource({"2026-12-30, 1", "2026-12-01, 1", "2028-02-28, 1", "2016-12-31, 1", "1971-12-31, 1", "2261-12-31, 1",
            "-999999999-01-01, 1", "+999999999-12-31, 1", "2026-12-31, 0", "2026-12-31, 2", "2026-12-31, -2147483648"})
    void aLeapSecondIsRehearsedOnlyAtAMonthsEndToComeAndOfOneSecond(LocalDate lastDay, int change) {
        String message = assertThrows(IllegalArgumentException.class, () -> LeapSeconds.builtIn().with(lastDay, change))
                .getMessage();

        assertEquals(change == 1
                ? "lastDay: " + lastDay + ", expected the last day of a month after 2016-12-31 and before 2261-12-31"
                : "change: " + change + ", expected +1 or -1", message);
    }

    @Test
    void aTableExpiresAtTheInstantItSays() {
        LeapSeconds table = LeapSeconds.builtIn();
        long expiryNs = table.expiresAt().getEpochSecond() * SECOND;

        assertEquals(Instant.parse("2027-06-28T00:00:00Z"), table.expiresAt());
        assertFalse(table.isExpiredAt(expiryNs - 1));
        assertTrue(table.isExpiredAt(expiryNs));
        assertFalse(table.isExpiredAt(0));
        assertTrue(table.isExpiredAt(Long.MIN_VALUE));
    }
}
