package io.clocktower.clock;

import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FaultChainTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long YEAR = 365 * 86_400 * SECOND;
    private static final LeapSeconds TABLE = LeapSeconds.builtIn();
    /** True TAI at the host's boot. */
    private static final long BOOT = 1_795_348_837L * SECOND;
    private static final long START = 1_000 * SECOND;
    private static final long OPEN = Long.MAX_VALUE;

    private static AnchoredEffect from(long startNs, long endNs, Effect effect) {
        return new AnchoredEffect(effect, startNs, endNs, BOOT + startNs);
    }

    private static FaultChain chain(Effect... effects) {
        return FaultChain.of(Stream.of(effects).map(effect -> from(START, OPEN, effect)).toList(), TABLE);
    }

    /** By how much a chain is off, that long after its start. */
    private static long offsetNs(FaultChain chain, long elapsedNs) {
        long boottimeNs = START + elapsedNs;
        return chain.apply(BOOT + boottimeNs, boottimeNs) - BOOT - boottimeNs;
    }

    static Stream<Effect> effects() {
        return Stream.of(new Effect.Step(-5), new Effect.SetTime(7), new Effect.Drift(-3), new Effect.Slew(9, 50),
                new Effect.Freeze(), new Effect.Jitter(1L << 40, 1_000, 1), new Effect.Strobe(3, 4 * SECOND));
    }

    @ParameterizedTest
    @MethodSource("effects")
    void anEffectActsFromItsStartUntilItsEndAndNotAfter(Effect effect) {
        long endNs = START + 3 * SECOND;
        FaultChain bounded = FaultChain.of(List.of(from(START, endNs, effect)), TABLE);
        FaultChain open = chain(effect);

        for (long boottimeNs : new long[]{0, START - 1, endNs, endNs + 1, 1L << 60}) {
            assertEquals(BOOT + boottimeNs, bounded.apply(BOOT + boottimeNs, boottimeNs));
        }
        for (long boottimeNs : new long[]{START, START + 1, endNs - 1}) {
            assertEquals(open.apply(BOOT + boottimeNs, boottimeNs), bounded.apply(BOOT + boottimeNs, boottimeNs));
        }
        assertFalse(offsetNs(bounded, 3 * SECOND - 1) == 0, "it does something just before its end");
        assertEquals(START, bounded.nextEdgeNs(START - 1));
        assertEquals(OPEN, bounded.nextEdgeNs(endNs));
    }

    @Test
    void anEmptyChainIsTrueTime() {
        assertTrue(FaultChain.NONE.isEmpty());
        assertTrue(FaultChain.of(List.of(), TABLE).isEmpty());
        assertSame(TABLE, FaultChain.of(List.of(), TABLE).leapSeconds());
        assertEquals(BOOT, FaultChain.NONE.apply(BOOT, 0));
        assertFalse(chain(new Effect.Step(0)).isEmpty());
        assertFalse(chain(new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1)).isEmpty());
    }

    @Test
    void aStepIsAnOffset() {
        assertEquals(-300 * SECOND, offsetNs(chain(new Effect.Step(-300 * SECOND)), 0));
        assertEquals(-300 * SECOND, offsetNs(chain(new Effect.Step(-300 * SECOND)), YEAR));
        assertEquals(0, offsetNs(chain(new Effect.Step(0)), 1));
    }

    @Test
    void aSetTimeIsShownAtTheStartAndRunsOn() {
        long utcNs = 946_684_799L * SECOND;
        FaultChain chain = chain(new Effect.SetTime(utcNs));

        assertEquals(utcNs, TABLE.utcFromTai(chain.apply(BOOT + START, START)));
        assertEquals(utcNs + 32 * SECOND + 5, chain.apply(BOOT + START + 5, START + 5));
        // The host's wall clock is set back by a minute; so is what is derived from it.
        assertEquals(utcNs + 32 * SECOND - 60 * SECOND, chain.apply(BOOT + START - 60 * SECOND, START));
    }

    @Test
    void aTimeCanBeSetToEitherEndOfTheRange() {
        FaultChain first = chain(new Effect.SetTime(0));
        FaultChain last = chain(new Effect.SetTime(-2 - 37 * SECOND));

        assertEquals(10 * SECOND, first.apply(BOOT + START, START));
        assertEquals(UNREPRESENTABLE, first.apply(BOOT + START - 11 * SECOND, START));
        assertEquals(-2, last.apply(BOOT + START, START));
        assertEquals(UNREPRESENTABLE, last.apply(BOOT + START + 1, START + 1));
        assertEquals(UNREPRESENTABLE, chain(new Effect.SetTime(-2)).apply(BOOT + START, START), "its TAI is past it");
    }

    @Test
    void aDriftIsAShareOfTheElapsedTimeRoundedTowardsZero() {
        assertEquals(0, offsetNs(chain(new Effect.Drift(100_000)), 9_999));
        assertEquals(1, offsetNs(chain(new Effect.Drift(100_000)), 10_000));
        assertEquals(0, offsetNs(chain(new Effect.Drift(-100_000)), 9_999));
        assertEquals(-1, offsetNs(chain(new Effect.Drift(-100_000)), 10_000));
        assertEquals(-999_999_999, offsetNs(chain(new Effect.Drift(-999_999_999)), SECOND));
    }

    @Test
    void aDriftOfManyYearsIsExact() {
        for (long ratePpb : new long[]{1, -1, 7, -999_999_999, 13_000_000_007L}) {
            for (long elapsedNs : new long[]{YEAR, 17 * YEAR + 123, 10 * YEAR - 1}) {
                assertEquals(BigInteger.valueOf(elapsedNs).multiply(BigInteger.valueOf(ratePpb))
                        .divide(BigInteger.valueOf(SECOND)).longValueExact(),
                        offsetNs(chain(new Effect.Drift(ratePpb)), elapsedNs));
            }
        }
        // More than 63 bits, and still in range.
        long elapsedNs = 16_000_000 * SECOND;
        long boottimeNs = START + elapsedNs;
        long expectedNs = BOOT + boottimeNs + 999 * elapsedNs;
        FaultChain fastest = chain(new Effect.Drift(999 * SECOND));
        assertTrue(expectedNs < 0);
        assertEquals(expectedNs, fastest.apply(BOOT + boottimeNs, boottimeNs));
        assertEquals(UNREPRESENTABLE, fastest.apply(BOOT + boottimeNs + YEAR, boottimeNs + YEAR));
    }

    @Test
    void aSlewGoesToItsOffsetAndStaysThere() {
        FaultChain forward = chain(new Effect.Slew(3 * SECOND, SECOND / 2));
        FaultChain back = chain(new Effect.Slew(-SECOND, 999_999_999));

        assertEquals(0, offsetNs(forward, 0));
        assertEquals(SECOND, offsetNs(forward, 2 * SECOND));
        assertEquals(3 * SECOND - 1, offsetNs(forward, 6 * SECOND - 1));
        assertEquals(3 * SECOND, offsetNs(forward, 6 * SECOND));
        assertEquals(3 * SECOND, offsetNs(forward, 6 * SECOND + 1));
        assertEquals(3 * SECOND, offsetNs(forward, 60 * YEAR));
        assertEquals(START + 6 * SECOND, forward.nextEdgeNs(START));
        assertEquals(OPEN, forward.nextEdgeNs(START + 6 * SECOND));
        assertEquals(-999_999_999, offsetNs(back, SECOND));
        assertEquals(-999_999_999, offsetNs(back, SECOND + 1));
        assertEquals(-SECOND, offsetNs(back, SECOND + 2));
        assertEquals(0, offsetNs(chain(new Effect.Slew(0, 1)), SECOND));
    }

    @Test
    void aSlewOfCenturiesNeverOverflows() {
        FaultChain chain = chain(new Effect.Slew(Long.MAX_VALUE, 1));

        assertEquals(YEAR / SECOND, offsetNs(chain, YEAR));
        assertEquals(OPEN, chain.nextEdgeNs(START));
        assertEquals(UNREPRESENTABLE, chain(new Effect.Slew(Long.MIN_VALUE, 999_999_999)).apply(SECOND, START + YEAR));
    }

    @Test
    void aFrozenClockShowsItsAnchorWhateverTimeDoes() {
        FaultChain chain = chain(new Effect.Freeze());

        assertEquals(BOOT + START, chain.apply(BOOT + START + YEAR, START + YEAR));
        assertEquals(BOOT + START, chain.apply(UNREPRESENTABLE, START));
    }

    @Test
    void aStrobeIsOffForOnePeriodAndRightForTheNext() {
        FaultChain chain = chain(new Effect.Strobe(-7, 1_000));

        assertEquals(-7, offsetNs(chain, 0));
        assertEquals(-7, offsetNs(chain, 999));
        assertEquals(0, offsetNs(chain, 1_000));
        assertEquals(0, offsetNs(chain, 1_999));
        assertEquals(-7, offsetNs(chain, 2_000));
        assertEquals(START + 3_000, chain.nextSwayNs(START + 2_000));
    }

    @Test
    void jitterIsDrawnAnewEachIntervalAndTheSameForTheSameSeed() {
        FaultChain chain = chain(new Effect.Jitter(1_000_000, 5_000, 42));
        FaultChain same = chain(new Effect.Jitter(1_000_000, 5_000, 42));
        FaultChain other = chain(new Effect.Jitter(1_000_000, 5_000, 43));
        int changes = 0;
        int differences = 0;
        for (long interval = 0; interval < 1_000; interval++) {
            long drawn = offsetNs(chain, interval * 5_000);
            assertEquals(drawn, offsetNs(chain, interval * 5_000 + 4_999));
            assertEquals(drawn, offsetNs(same, interval * 5_000 + 1));
            changes += drawn == offsetNs(chain, (interval + 1) * 5_000) ? 0 : 1;
            differences += drawn == offsetNs(other, interval * 5_000) ? 0 : 1;
        }
        assertTrue(changes > 990, changes + " changes");
        assertTrue(differences > 990, differences + " differences");
    }

    @Test
    void jitterIsUniformFromOneEndOfItsRangeToTheOther() {
        FaultChain chain = chain(new Effect.Jitter(4, 1_000, 7));
        int[] counts = new int[9];
        for (long interval = 0; interval < 90_000; interval++) {
            counts[(int) offsetNs(chain, interval * 1_000) + 4]++;
        }
        // Chi square with 8 degrees of freedom: 26 is exceeded once in a thousand seeds.
        double chiSquare = 0;
        for (int count : counts) {
            chiSquare += (count - 10_000.0) * (count - 10_000.0) / 10_000;
        }
        assertTrue(chiSquare < 26, "chi square " + chiSquare);
    }

    @Test
    void jitterOfTheLongestRangeStaysWithinItAndUsesBothHalves() {
        long range = 1L << 62;
        int negative = 0;
        for (long place = 0; place < 10_000; place++) {
            long drawn = Draw.between(range, 3, place);
            assertTrue(drawn >= -range && drawn <= range);
            negative += drawn < 0 ? 1 : 0;
        }
        assertTrue(negative > 4_800 && negative < 5_200, negative + " negative");
        assertEquals(0, Draw.between(0, 3, 9));
    }

    @Test
    void effectsAreComposedInOrder() {
        AnchoredEffect step = from(START, OPEN, new Effect.Step(5 * SECOND));
        AnchoredEffect freeze = from(START, OPEN, new Effect.Freeze());
        AnchoredEffect set = from(START, OPEN, new Effect.SetTime(100 * YEAR));
        long now = START + 60 * SECOND;

        assertEquals(BOOT + START, FaultChain.of(List.of(step, freeze), TABLE).apply(BOOT + now, now));
        assertEquals(BOOT + START + 5 * SECOND, FaultChain.of(List.of(freeze, step), TABLE).apply(BOOT + now, now));
        assertEquals(100 * YEAR + 37 * SECOND, FaultChain.of(List.of(freeze, set), TABLE).apply(BOOT + now, now));
        assertEquals(100 * YEAR + 37 * SECOND + 65 * SECOND,
                FaultChain.of(List.of(step, set), TABLE).apply(BOOT + now, now));
    }

    @Test
    void driftsAndSlewsAddUp() {
        FaultChain chain = chain(new Effect.Drift(1_000), new Effect.Drift(-400), new Effect.Slew(SECOND, 50));

        assertEquals(650, offsetNs(chain, SECOND));
    }

    @Test
    void offsetsOfCenturiesAreExactToTheEndsOfTheRange() {
        long toFirst = -(BOOT + START);
        long toLast = Long.MAX_VALUE;

        assertEquals(0, chain(new Effect.Step(toFirst)).apply(BOOT + START, START));
        assertEquals(UNREPRESENTABLE, chain(new Effect.Step(toFirst - 1)).apply(BOOT + START, START));
        assertEquals(BOOT + START + toLast, chain(new Effect.Step(toLast)).apply(BOOT + START, START));
        assertEquals(-2, chain(new Effect.Step(toLast), new Effect.Step(-2 - toLast - BOOT - START))
                .apply(BOOT + START, START));
        assertEquals(UNREPRESENTABLE, chain(new Effect.Step(toLast), new Effect.Step(-1 - toLast - BOOT - START))
                .apply(BOOT + START, START));
        assertEquals(UNREPRESENTABLE, chain(new Effect.Step(Long.MIN_VALUE)).apply(BOOT + START, START));
        assertEquals(0, chain(new Effect.Step(Long.MIN_VALUE)).apply(Long.MIN_VALUE, START));
    }

    @Test
    void whatLeftTheRangeOnTheWayDoesNotComeBack() {
        assertEquals(UNREPRESENTABLE,
                chain(new Effect.Step(Long.MIN_VALUE), new Effect.Step(Long.MAX_VALUE)).apply(BOOT, START));
    }

    @Test
    void aFaultCanBeOlderThanTheBootAndThanAnySignedDifference() {
        FaultChain old = FaultChain.of(List.of(from(-YEAR, OPEN, new Effect.Drift(1_000_000))), TABLE);
        FaultChain oldest = FaultChain.of(
                List.of(new AnchoredEffect(new Effect.Drift(1), Long.MIN_VALUE, OPEN, 0)), TABLE);

        assertEquals(BOOT + START + (YEAR + START) / 1_000, old.apply(BOOT + START, START));
        assertEquals(BOOT + Long.divideUnsigned(Long.MIN_VALUE + START, SECOND), oldest.apply(BOOT, START));
        assertTrue(FaultChain.of(List.of(new AnchoredEffect(new Effect.Jitter(5, 1_000, 1), Long.MIN_VALUE, OPEN, 0)),
                TABLE).nextSwayNs(START) > START);
    }

    @Test
    void rehearsedLeapSecondsAreOfTheTableInOrderOfTheirDays() {
        FaultChain chain = chain(new Effect.LeapSecond(LocalDate.of(2028, 2, 29), -1), new Effect.Step(1),
                new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1));

        assertEquals(TABLE.with(LocalDate.of(2026, 12, 31), 1).with(LocalDate.of(2028, 2, 29), -1).entries(),
                chain.leapSeconds().entries());
        assertEquals(1, offsetNs(chain, YEAR), "TAI runs on");
    }

    @Test
    void leapSecondsThatCannotBeAreRefusedByTheirDay() {
        for (List<Effect.LeapSecond> refused : List.of(
                List.of(new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1),
                        new Effect.LeapSecond(LocalDate.of(2026, 12, 31), -1)),
                List.of(new Effect.LeapSecond(LocalDate.of(2016, 12, 31), 1)),
                List.of(new Effect.LeapSecond(LocalDate.of(2261, 12, 31), 1)))) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> chain(refused.toArray(Effect[]::new))).getMessage();
            assertTrue(message.startsWith("lastDay: " + refused.getLast().lastDay()
                    + ", expected the last day of a month after "), message);
        }
    }

    @Test
    void aTimeIsInRangeIfItIsWhateverJitterAndStrobeDraw() {
        long below = -(BOOT + START) - 1;
        for (FaultChain chain : List.of(chain(new Effect.Step(below)), chain(new Effect.Jitter(-below, 1_000, 1)),
                chain(new Effect.Strobe(below, 1_000)),
                chain(new Effect.SetTime(0), new Effect.Strobe(-11 * SECOND, 1_000)),
                chain(new Effect.Step(Long.MAX_VALUE), new Effect.Jitter(1L << 62, 1_000, 1),
                        new Effect.Jitter(1L << 62, 1_000, 1)))) {
            assertFalse(isInRange(chain));
        }
        for (FaultChain chain : List.of(FaultChain.NONE, chain(new Effect.Step(below + 1)),
                chain(new Effect.Slew(below, 1)),
                chain(new Effect.Jitter(-below - 1, 1_000, 1)), chain(new Effect.Strobe(below + 1, 1_000)),
                chain(new Effect.Freeze()), chain(new Effect.Drift(-999_999_999)), chain(new Effect.SetTime(0)),
                chain(new Effect.Step(YEAR), new Effect.Step(below)),
                FaultChain.of(List.of(from(0, START, new Effect.Step(below))), TABLE),
                FaultChain.of(List.of(from(START + 5, OPEN, new Effect.Step(below))), TABLE))) {
            assertTrue(isInRange(chain));
        }
    }

    private static boolean isInRange(FaultChain chain) {
        var clock = new ServedClock(new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false), TABLE);
        clock.setFaults(chain);
        return clock.isInRange(new HostInstant(BOOT + START, BOOT + START, START));
    }
}
