package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EffectTest {

    private static final LocalDate DAY = LocalDate.of(2026, 12, 31);

    @Test
    void everyComponentIsTakenAtItsBounds() {
        for (Executable made : List.<Executable>of(
                () -> new Effect.Step(Long.MIN_VALUE), () -> new Effect.Step(Long.MAX_VALUE), () -> new Effect.Step(0),
                () -> new Effect.SetTime(0), () -> new Effect.SetTime(-2),
                () -> new Effect.Drift(-999_999_999), () -> new Effect.Drift(999_000_000_000L),
                () -> new Effect.Slew(Long.MAX_VALUE, 1), () -> new Effect.Slew(0, 999_000_000_000L),
                () -> new Effect.Slew(Long.MIN_VALUE, 999_999_999),
                () -> new Effect.Jitter(0, 1_000, Long.MIN_VALUE),
                () -> new Effect.Jitter(1L << 62, Long.MAX_VALUE, 0),
                () -> new Effect.Strobe(Long.MIN_VALUE, 1_000), () -> new Effect.Strobe(0, Long.MAX_VALUE),
                () -> new Effect.LeapSecond(DAY, -1), () -> new Effect.LeapSecond(LocalDate.of(2028, 2, 29), 1))) {
            assertDoesNotThrow(made);
        }
    }

    @Test
    void whatIsOutOfBoundsIsRefusedByName() {
        assertRefused("utcNs: 18446744073709551615, expected 0 to 18446744073709551614",
                () -> new Effect.SetTime(-1));
        assertRefused("ratePpb: -1000000000, expected -999999999 to 999000000000",
                () -> new Effect.Drift(-1_000_000_000));
        assertRefused("ratePpb: 999000000001, expected -999999999 to 999000000000",
                () -> new Effect.Drift(999_000_000_001L));
        assertRefused("ratePpb: -9223372036854775808, expected -999999999 to 999000000000",
                () -> new Effect.Drift(Long.MIN_VALUE));
        assertRefused("ratePpb: 0, expected 1 to 999000000000", () -> new Effect.Slew(1, 0));
        assertRefused("ratePpb: 999000000001, expected 1 to 999000000000",
                () -> new Effect.Slew(0, 999_000_000_001L));
        assertRefused("ratePpb: 1000000000, expected 1 to 999999999 with a negative offset",
                () -> new Effect.Slew(-1, 1_000_000_000));
        assertRefused("rangeNs: -1, expected 0 to 4611686018427387904", () -> new Effect.Jitter(-1, 1_000, 0));
        assertRefused("rangeNs: 4611686018427387905, expected 0 to 4611686018427387904",
                () -> new Effect.Jitter((1L << 62) + 1, 1_000, 0));
        assertRefused("intervalNs: 999, expected 1000 or more", () -> new Effect.Jitter(0, 999, 0));
        assertRefused("periodNs: -5, expected 1000 or more", () -> new Effect.Strobe(0, -5));
        assertRefused("change: 0, expected +1 or -1", () -> new Effect.LeapSecond(DAY, 0));
        assertRefused("lastDay: none, expected the last day of a month from 1972 to 2261",
                () -> new Effect.LeapSecond(null, 1));
    }

    @ParameterizedTest
    @CsvSource({"2026-12-30", "2027-01-01", "2028-02-28", "1971-12-31", "2262-01-31", "-999999999-01-31",
            "+999999999-12-31"})
    void aLeapSecondIsAtAMonthsEnd(LocalDate day) {
        assertRefused("lastDay: " + day + ", expected the last day of a month from 1972 to 2261",
                () -> new Effect.LeapSecond(day, 1));
    }

    @Test
    void aMonotonicClockIsSparedWhatWouldStepItBackOrMeansNothingToIt() {
        for (Effect refused : List.of(new Effect.Step(-1), new Effect.SetTime(0), new Effect.Jitter(0, 1_000, 0),
                new Effect.Strobe(1, 1_000), new Effect.LeapSecond(DAY, 1))) {
            String message = assertThrows(InvalidComponentException.class,
                    () -> refused.checkFor(ClockType.MONOTONIC)).getMessage();
            assertTrue(message.contains("a monotonic clock "), message);
        }
        for (Effect allowed : List.of(new Effect.Step(0), new Effect.Step(1), new Effect.Drift(-999_999_999),
                new Effect.Drift(1), new Effect.Slew(-1, 1), new Effect.Slew(1, 1), new Effect.Freeze())) {
            assertDoesNotThrow(() -> allowed.checkFor(ClockType.MONOTONIC), allowed::toString);
        }
    }

    @Test
    void anAnchorHasAnEffectAndDoesNotEndBeforeItStarts() {
        assertRefused("effect: missing", () -> new AnchoredEffect(null, 0, 1, 0));
        assertRefused("endNs: 4, expected 5 or more", () -> new AnchoredEffect(new Effect.Freeze(), 5, 4, 0));
        assertDoesNotThrow(() -> new AnchoredEffect(new Effect.Freeze(), -5, -5, -1));
    }

    private static void assertRefused(String message, Executable made) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, made).getMessage());
    }
}
