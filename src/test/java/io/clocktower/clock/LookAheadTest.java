package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a clock next has to be looked at for an alarm, against the clock itself read over and over. */
class LookAheadTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long MILLISECOND = 1_000_000L;
    private static final long YEAR = 365 * 86_400 * SECOND;
    private static final long NEVER = Long.MAX_VALUE;
    private static final LocalDate LEAP_DAY = LocalDate.of(2026, 12, 31);
    private static final long LEAP_NS = 1_798_761_600L * SECOND;
    private static final long UTC = 1_795_348_800L * SECOND;
    private static final HostInstant HOST = new HostInstant(UTC + 37 * SECOND, UTC, 1_000 * SECOND);

    private static ServedClock clock(ClockType type, AnchoredEffect... effects) {
        return clock(type, LeapSeconds.builtIn(), effects);
    }

    private static ServedClock clock(ClockType type, LeapSeconds table, AnchoredEffect... effects) {
        ServedClock clock = new ServedClock(new ClockSpec(type, Smearing.UNSPECIFIED, true), table);
        clock.setFaults(FaultChain.of(List.of(effects), table));
        return clock;
    }

    private static AnchoredEffect now(Effect effect) {
        return new AnchoredEffect(effect, HOST.boottimeNs(), NEVER, HOST.taiNs());
    }

    @ParameterizedTest
    @EnumSource
    void aClockWithoutFaultsIsLookedAtWhenItComesToTheAlarm(ClockType type) {
        ServedClock clock = clock(type);
        long readingNs = clock.readNs(HOST);

        assertEquals(1, clock.nsUntilLook(readingNs + 1, HOST));
        assertEquals(30 * 86_400 * SECOND, clock.nsUntilLook(readingNs + 30 * 86_400 * SECOND, HOST));
        assertEquals(NEVER, clock.nsUntilLook(readingNs, HOST));
        assertEquals(NEVER, clock.nsUntilLook(0, HOST));
        assertEquals(NEVER, clock.nsUntilLook(-1, HOST));
        assertEquals(NEVER, clock.nsUntilLook(-2, HOST));
    }

    @Test
    void aClockIsLookedAtWhenUtcStepsAndSmearingIsReckonedWith() {
        LeapSeconds table = LeapSeconds.builtIn().with(LEAP_DAY, 1);
        HostInstant before = new HostInstant(LEAP_NS + 36 * SECOND, LEAP_NS - SECOND, 0);
        ServedClock utc = clock(ClockType.UTC, table);
        ServedClock smeared = clock(ClockType.UTC_SMEARED, table);

        assertEquals(SECOND, utc.nsUntilLook(LEAP_NS - 2 * SECOND, before));
        assertEquals(SECOND, utc.nsUntilLook(LEAP_NS + 5 * SECOND, before));
        assertEquals(SECOND / 2, utc.nsUntilLook(LEAP_NS - SECOND / 2, before));
        long readingNs = smeared.readNs(before);
        assertEquals(86_401 * SECOND / 24, smeared.nsUntilLook(readingNs + 3_600 * SECOND, before), 1);
        assertEquals(NEVER, smeared.nsUntilLook(readingNs, before));
    }

    @Test
    void aFrozenClockIsNotLookedAtUntilItRunsAgain() {
        ServedClock forGood = clock(ClockType.TAI, now(new Effect.Freeze()));
        ServedClock forAMinute = clock(ClockType.TAI, new AnchoredEffect(new Effect.Freeze(), HOST.boottimeNs(),
                HOST.boottimeNs() + 60 * SECOND, HOST.taiNs()));

        assertEquals(NEVER, forGood.nsUntilLook(HOST.taiNs() + 1, HOST));
        assertEquals(60 * SECOND, forAMinute.nsUntilLook(HOST.taiNs() + 1, HOST));
        assertEquals(60 * SECOND, forAMinute.nsUntilLook(HOST.taiNs() + YEAR, HOST));
    }

    @Test
    void aSlowClockIsWaitedForInProportion() {
        ServedClock slow = clock(ClockType.TAI, now(new Effect.Drift(-999_900_000)));
        ServedClock slowest = clock(ClockType.TAI, now(new Effect.Drift(-999_999_999)));

        assertEquals(10_000 * SECOND, slow.nsUntilLook(HOST.taiNs() + SECOND, HOST), 10_000);
        assertEquals(SECOND, slowest.nsUntilLook(HOST.taiNs() + 3, HOST.plus(SECOND + 1)));
        assertEquals(1, looks(slowest, HOST.taiNs() + 3, 10 * SECOND));
    }

    @Test
    void aFastClockIsNotMissed() {
        ServedClock fast = clock(ClockType.TAI, now(new Effect.Drift(999 * SECOND)));

        assertEquals(SECOND, fast.nsUntilLook(HOST.taiNs() + 1_000 * SECOND, HOST));
    }

    @Test
    void anAlarmBeyondTheReachOfASwayIsWaitedForAndOneWithinIsLookedAtWheneverItSways() {
        ServedClock strobed = clock(ClockType.TAI, now(new Effect.Strobe(-60 * SECOND, 10 * SECOND)));
        ServedClock jittery = clock(ClockType.TAI, now(new Effect.Jitter(SECOND, 1_000, 1)));

        assertEquals(NEVER, strobed.nsUntilLook(HOST.taiNs() - 61 * SECOND, HOST));
        assertEquals(10 * SECOND, strobed.nsUntilLook(HOST.taiNs() - SECOND, HOST));
        assertEquals(100 * SECOND, strobed.nsUntilLook(HOST.taiNs() + 100 * SECOND, HOST));
        assertEquals(3_599 * SECOND, jittery.nsUntilLook(HOST.taiNs() + 3_600 * SECOND, HOST));
        assertTrue(looks(jittery, HOST.taiNs(), SECOND) <= 2_100);
    }

    @Test
    void aSwayAcrossALeapSecondReachesASecondFurther() {
        LeapSeconds table = LeapSeconds.builtIn().with(LEAP_DAY, 1);
        HostInstant before = new HostInstant(LEAP_NS + 37 * SECOND - 100 * MILLISECOND, LEAP_NS, 0);
        ServedClock clock = clock(ClockType.UTC, table,
                new AnchoredEffect(new Effect.Jitter(SECOND, 10 * MILLISECOND, 1), 0, NEVER, 0));

        // After the step it is a second less; at the top of what can be drawn, 100 ms before midnight.
        assertEquals(10 * MILLISECOND, clock.nsUntilLook(LEAP_NS - 50 * MILLISECOND, before));
        assertEquals(NEVER, clock.nsUntilLook(LEAP_NS - 5 * SECOND, before.plus(10 * SECOND)));
    }

    @Test
    void aClockOutOfRangeIsLookedAtOnceASecond() {
        ServedClock clock = clock(ClockType.UTC, now(new Effect.Step(-HOST.taiNs())));

        assertEquals(ServedClock.UNREPRESENTABLE, clock.readNs(HOST));
        assertEquals(SECOND, clock.nsUntilLook(0, HOST));
    }

    @Test
    void aClockThatASwayMayTakeOutOfRangeIsLookedAtOnceASecond() {
        ServedClock last = clock(ClockType.TAI, now(new Effect.Step(Long.MAX_VALUE)),
                now(new Effect.Step(-2 - Long.MAX_VALUE - HOST.taiNs())));
        ServedClock jittery = clock(ClockType.TAI, now(new Effect.SetTime(-2 - 137 * SECOND)),
                now(new Effect.Jitter(200 * SECOND, 3_600 * SECOND, 2)));

        assertEquals(-2, last.readNs(HOST));
        assertEquals(SECOND, last.nsUntilLook(0, HOST));
        assertTrue(ServedClock.isRepresentable(jittery.readNs(HOST)));
        assertEquals(SECOND, jittery.nsUntilLook(0, HOST));
    }

    @Test
    void aMonotonicClockThatIsHeldIsWaitedForUntilItsTimeHasCaughtUp() {
        ServedClock clock = clock(ClockType.MONOTONIC);
        clock.holdMonotonic(HOST.boottimeNs() + 60 * SECOND);

        assertEquals(NEVER, clock.nsUntilLook(HOST.boottimeNs() + 60 * SECOND, HOST));
        assertEquals(60 * SECOND + 1, clock.nsUntilLook(HOST.boottimeNs() + 60 * SECOND + 1, HOST));
    }

    @Test
    void faultsBackwardsInTimeAreFollowedToo() {
        ServedClock back = clock(ClockType.TAI, now(new Effect.Drift(-900_000_000)),
                now(new Effect.Drift(-900_000_000)));

        assertTrue(back.nsUntilLook(HOST.taiNs() + 1, HOST) > 10 * YEAR, "until it comes near 1970");
        assertEquals(10 * SECOND, back.nsUntilLook(HOST.taiNs() - 8 * SECOND, HOST), 2);
    }

    private static int looks(ServedClock clock, long alarmTimeNs, long spanNs) {
        int looks = 0;
        long elapsedNs = 0;
        while (elapsedNs < spanNs) {
            long delayNs = clock.nsUntilLook(alarmTimeNs, HOST.plus(elapsedNs));
            elapsedNs = delayNs > spanNs ? spanNs : elapsedNs + delayNs;
            looks++;
        }
        return looks - 1;
    }

    /**
     * Between one look and the next, a clock is nowhere seen on the other side of the alarm than it was at the look,
     * by more than a millisecond of the host's time and the rounding of the effects.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noCrossingIsMissedAndNoLookIsInVain(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < 150; run++) {
            new Simulation(random).run();
        }
    }

    /** A clock with faults at random times of twenty seconds, and an alarm on it within what it shows then. */
    private static final class Simulation {

        private static final long SPAN_NS = 20 * SECOND;
        private static final long GRID_NS = MILLISECOND;
        private static final int ROUNDING_NS = 4;

        private final Random random;
        private final LeapSeconds table;
        private final HostInstant start;
        private final ServedClock clock;
        private final List<AnchoredEffect> effects = new ArrayList<>();
        private boolean isSwaying;

        private Simulation(Random random) {
            this.random = random;
            // Some have a leap second amid the simulation, some in a smear of it.
            table = random.nextBoolean() ? LeapSeconds.builtIn() : LeapSeconds.builtIn().with(LEAP_DAY, +1);
            long utcNs = LEAP_NS - random.nextLong(25 * SECOND);
            start = new HostInstant(utcNs + 37 * SECOND, utcNs, random.nextLong(YEAR));
            ClockType type = ClockType.values()[random.nextInt(ClockType.values().length)];
            Smearing smearing = type == ClockType.UTC_SMEARED
                    ? Smearing.values()[random.nextInt(3)]
                    : Smearing.UNSPECIFIED;
            clock = new ServedClock(new ClockSpec(type, smearing, true), table);
            int count = random.nextInt(ROUNDING_NS);
            for (int i = 0; i < count; i++) {
                add(effect());
            }
        }

        private Effect effect() {
            return switch (random.nextInt(8)) {
                case 0 -> new Effect.Step(random.nextLong(-8 * SECOND, 8 * SECOND));
                case 1 -> new Effect.SetTime(start.realtimeNs() + random.nextLong(-8 * SECOND, 8 * SECOND));
                case 2 -> new Effect.Drift(random.nextLong(-999_999_999, 2 * SECOND));
                case 3 -> new Effect.Slew(random.nextLong(-8 * SECOND, 8 * SECOND), random.nextLong(1, SECOND));
                case 4 -> new Effect.Freeze();
                case 5 -> new Effect.Jitter(random.nextLong(SECOND), random.nextLong(2 * MILLISECOND, SECOND),
                        random.nextLong());
                case 6 -> new Effect.Strobe(random.nextLong(-SECOND, SECOND),
                        random.nextLong(2 * MILLISECOND, SECOND));
                default -> table.entries().size() > 28
                        ? new Effect.Step(SECOND)
                        : new Effect.LeapSecond(LEAP_DAY, effects.isEmpty() ? 1 : -1);
            };
        }

        private void add(Effect effect) {
            if (effect instanceof Effect.LeapSecond
                    && effects.stream().anyMatch(other -> other.effect() instanceof Effect.LeapSecond)) {
                return;
            }
            isSwaying |= effect instanceof Effect.Jitter || effect instanceof Effect.Strobe;
            long fromNs = random.nextLong(-2 * SECOND, 10 * SECOND);
            long untilNs = random.nextInt(3) == 0 ? NEVER : start.boottimeNs() + fromNs + random.nextLong(10 * SECOND);
            effects.add(new AnchoredEffect(effect, start.boottimeNs() + fromNs, untilNs,
                    clock.scaleNs(start.plus(fromNs))));
            clock.setFaults(FaultChain.of(effects, table));
        }

        private void run() {
            // Of a clock of its own, as what a monotonic one showed is not forgotten.
            long alarmTimeNs = preview(random.nextLong(SPAN_NS)) + (random.nextBoolean() ? 0 : random.nextLong(SECOND));
            int looks = 0;
            long atNs = 0;
            while (atNs < SPAN_NS) {
                boolean isReached = isReached(clock.readNs(start.plus(atNs)), alarmTimeNs, 0);
                long delayNs = clock.nsUntilLook(alarmTimeNs, start.plus(atNs));
                assertTrue(delayNs > 0);
                long nextNs = delayNs > SPAN_NS - atNs ? SPAN_NS : atNs + delayNs;
                for (long gridNs = atNs - atNs % GRID_NS + GRID_NS; gridNs < nextNs - MILLISECOND; gridNs += GRID_NS) {
                    long readingNs = clock.readNs(start.plus(gridNs));
                    if (isReached(readingNs, alarmTimeNs, isReached ? ROUNDING_NS : -ROUNDING_NS) != isReached) {
                        throw new AssertionError("at %d, look %d at %d for %d: %s on %s of %s".formatted(gridNs, looks,
                                atNs, delayNs, effects, clock.spec(), start));
                    }
                }
                atNs = nextNs;
                looks++;
            }
            // Edges, leap seconds and crossings, a few times over where the clock goes back and forth.
            int bound = isSwaying ? (int) (2 * SPAN_NS / MILLISECOND) : 30;
            if (looks > bound) {
                throw new AssertionError(looks + " looks for " + alarmTimeNs + ": " + effects + " on " + clock.spec());
            }
        }

        private long preview(long aheadNs) {
            ServedClock preview = new ServedClock(clock.spec(), table);
            preview.setFaults(FaultChain.of(effects, table));
            return preview.readNs(start.plus(aheadNs));
        }

        private static boolean isReached(long readingNs, long alarmTimeNs, int marginNs) {
            return readingNs + marginNs >= alarmTimeNs;
        }
    }
}
