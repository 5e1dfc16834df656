package io.clocktower.clock;

import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.clocktower.conformance.Proves;
import java.lang.management.ManagementFactory;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A clock with faults, as a driver reads it. */
class FaultyClockTest {

    private static final long SECOND = 1_000_000_000L;
    private static final LocalDate LEAP_DAY = LocalDate.of(2026, 12, 31);
    private static final long MIDNIGHT = 1_798_761_600L * SECOND;
    private static final LeapSeconds TABLE = LeapSeconds.builtIn();
    private static final long BOOT_OPEN = Long.MAX_VALUE;

    private static ServedClock clock(ClockType type, Smearing smearing) {
        return new ServedClock(new ClockSpec(type, smearing, true), TABLE);
    }

    private static ServedClock clock(ClockType type, Effect... effects) {
        return with(clock(type, Smearing.UNSPECIFIED), effects);
    }

    private static ServedClock with(ServedClock clock, Effect... effects) {
        List<AnchoredEffect> anchored = new ArrayList<>();
        for (Effect effect : effects) {
            anchored.add(new AnchoredEffect(effect, 0, BOOT_OPEN, 0));
        }
        clock.setFaults(FaultChain.of(anchored, TABLE));
        return clock;
    }

    /** A host whose clocks are not smeared, so long after that midnight of true UTC. */
    private static HostInstant after(long ns) {
        return new HostInstant(MIDNIGHT + 37 * SECOND + ns, MIDNIGHT + ns, 100_000 * SECOND + ns);
    }

    @ParameterizedTest
    @EnumSource(value = ClockType.class, names = "MONOTONIC", mode = EnumSource.Mode.EXCLUDE)
    void aStepMovesEveryClockByAsMuchAndTrueTimeCanStillBeTold(ClockType type) {
        ServedClock clock = clock(type, new Effect.Step(-300 * SECOND));
        long trueNs = clock(type).readNs(after(7));

        assertEquals(trueNs - 300 * SECOND, clock.readNs(after(7)));
        assertEquals(trueNs, clock.trueNs(after(7)));
        assertEquals(after(7).taiNs() - 300 * SECOND, clock.scaleNs(after(7)));
        clock.setFaults(FaultChain.NONE);
        assertEquals(trueNs, clock.readNs(after(7)));
        assertEquals(after(7).taiNs(), clock.scaleNs(after(7)));
    }

    @ParameterizedTest
    @EnumSource(value = ClockType.class, names = {"UTC", "UTC_SMEARED", "UTC_MAYBE_SMEARED"})
    void aSetTimeIsShownByEachClockOfUtc(ClockType type) {
        for (long utcNs : new long[]{0, 1, 915_148_800L * SECOND - 1, MIDNIGHT, 4_000_000_000L * SECOND, Long.MAX_VALUE,
                Long.MIN_VALUE, -2 - 37 * SECOND}) {
            ServedClock clock = clock(type);
            clock.setFaults(FaultChain.of(List.of(new AnchoredEffect(new Effect.SetTime(utcNs),
                    after(5).boottimeNs(), BOOT_OPEN, clock.scaleNs(after(5)))), TABLE));
            // Within noon and noon of a leap second that there was, a smeared clock is right to differ.
            long differenceNs = type == ClockType.UTC_SMEARED && utcNs > SECOND && utcNs < MIDNIGHT ? SECOND : 0;
            assertEquals(utcNs, clock.readNs(after(5)), differenceNs);
        }
    }

    @Test
    @Proves({"rtc-control-05", "rtc-control-06"})
    void aRehearsedLeapSecondStepsUtc() {
        ServedClock inserted = clock(ClockType.UTC, new Effect.LeapSecond(LEAP_DAY, 1));
        ServedClock removed = clock(ClockType.UTC, new Effect.LeapSecond(LEAP_DAY, -1));

        assertEquals(MIDNIGHT - 1, inserted.readNs(after(-1)));
        assertEquals(MIDNIGHT - SECOND, inserted.readNs(after(0)));
        assertEquals(MIDNIGHT, inserted.readNs(after(SECOND)));
        assertEquals(MIDNIGHT - SECOND - 1, removed.readNs(after(-SECOND - 1)));
        assertEquals(MIDNIGHT, removed.readNs(after(-SECOND)));
        assertEquals(MIDNIGHT, inserted.trueNs(after(0)), "nobody else has it");
    }

    @Test
    void aRehearsedLeapSecondMovesAnUnsmearedHostsWallClockAsItMovesUtc() {
        for (int change : new int[]{1, -1}) {
            ServedClock utc = clock(ClockType.UTC, new Effect.Step(77), new Effect.LeapSecond(LEAP_DAY, change));
            ServedClock maybe = clock(ClockType.UTC_MAYBE_SMEARED, new Effect.Step(77),
                    new Effect.LeapSecond(LEAP_DAY, change));
            for (long ns = -3 * SECOND; ns < 3 * SECOND; ns += SECOND / 7) {
                assertEquals(utc.readNs(after(ns)), maybe.readNs(after(ns)));
            }
        }
    }

    @Test
    @Proves({"rtc-control-07", "rtc-control-10", "rtc-control-13"})
    void aRehearsedLeapSecondIsSmearedByClocksThatSmear() {
        for (int change : new int[]{1, -1}) {
            Effect leap = new Effect.LeapSecond(LEAP_DAY, change);
            LeapSeconds table = TABLE.with(LEAP_DAY, change);
            for (Smearing smearing : Smearing.values()) {
                ServedClock clock = with(clock(ClockType.UTC_SMEARED, smearing), leap);
                SmearedUtc expected = new SmearedUtc(table, smearing);
                for (long ns = -50_000 * SECOND; ns < 50_000 * SECOND; ns += 7_777 * SECOND / 10) {
                    assertEquals(expected.utcFromTai(after(ns).taiNs()), clock.readNs(after(ns)));
                }
                assertEquals(MIDNIGHT + 50_000 * SECOND - change * SECOND, clock.readNs(after(50_000 * SECOND)));
            }
        }
    }

    @Test
    void aRehearsedLeapSecondLeavesTaiAndMonotonicAlone() {
        for (long ns = -2 * SECOND; ns <= 2 * SECOND; ns += SECOND / 2) {
            assertEquals(after(ns).taiNs(), clock(ClockType.TAI, new Effect.LeapSecond(LEAP_DAY, 1)).readNs(after(ns)));
        }
    }

    @Test
    void aRehearsedLeapSecondComesWhenServedTimeComesToItNotTrueTime() {
        ServedClock clock = clock(ClockType.UTC, new Effect.Step(3_600 * SECOND), new Effect.LeapSecond(LEAP_DAY, 1));

        assertEquals(MIDNIGHT - 1, clock.readNs(after(-3_600 * SECOND - 1)));
        assertEquals(MIDNIGHT - SECOND, clock.readNs(after(-3_600 * SECOND)));
    }

    @Test
    void aClockThatLeavesTheRangeSaysSoAndComesBack() {
        ServedClock clock = clock(ClockType.UTC, new Effect.Step(-after(0).taiNs()));

        assertEquals(UNREPRESENTABLE, clock.readNs(after(0)));
        assertEquals(0, clock.readNs(after(10 * SECOND)));
        clock.setFaults(FaultChain.NONE);
        assertEquals(MIDNIGHT, clock.readNs(after(0)));
    }

    @Test
    void aFreezeOfAChangedClockHoldsWhatItShowed() {
        ServedClock clock = clock(ClockType.TAI, new Effect.Drift(500_000_000));
        long shownNs = clock.readNs(after(0));
        clock.setFaults(FaultChain.of(List.of(
                new AnchoredEffect(new Effect.Drift(500_000_000), 0, BOOT_OPEN, 0),
                new AnchoredEffect(new Effect.Freeze(), after(0).boottimeNs(), after(SECOND).boottimeNs(),
                        clock.scaleNs(after(0)))),
                TABLE));

        assertEquals(shownNs, clock.readNs(after(0)));
        assertEquals(shownNs, clock.readNs(after(SECOND - 1)));
        assertEquals(shownNs + 3 * SECOND / 2, clock.readNs(after(SECOND)));
    }

    /** A monotonic clock never goes back, whatever faults it is given, keeps, or loses. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Proves("rtc-read-04")
    void monotonicNeverGoesBackWhateverIsInjectedChangedOrRemoved(long seed) {
        Random random = new Random(seed);
        ServedClock clock = clock(ClockType.MONOTONIC, Smearing.UNSPECIFIED);
        List<AnchoredEffect> effects = new ArrayList<>();
        long boottimeNs = 0;
        long shownNs = 0;
        for (int i = 0; i < 100_000; i++) {
            boottimeNs += random.nextLong(SECOND);
            HostInstant now = new HostInstant(random.nextLong(), random.nextLong(), boottimeNs);
            if (random.nextInt(10) == 0) {
                if (effects.size() < 5 && random.nextBoolean()) {
                    effects.add(new AnchoredEffect(effect(random), boottimeNs,
                            random.nextBoolean() ? BOOT_OPEN : boottimeNs + random.nextLong(20 * SECOND),
                            clock.scaleNs(now)));
                } else if (!effects.isEmpty()) {
                    effects.remove(random.nextInt(effects.size()));
                }
                clock.setFaults(FaultChain.of(effects, TABLE));
            }
            long readingNs = clock.readNs(now);
            if (readingNs != UNREPRESENTABLE) {
                assertTrue(Long.compareUnsigned(readingNs, shownNs) >= 0, () -> effects.toString());
                shownNs = readingNs;
                assertEquals(shownNs, clock.monotonicNs());
            }
        }
    }

    private static Effect effect(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> new Effect.Step(random.nextLong(10 * SECOND));
            case 1 -> new Effect.Drift(random.nextLong(-999_999_999, 2 * SECOND));
            case 2 -> new Effect.Slew(random.nextLong(-5 * SECOND, 5 * SECOND), random.nextLong(1, 999_999_999));
            case 3 -> new Effect.Freeze();
            // Not for monotonic clocks, and no harm if they come to one.
            case 4 -> new Effect.Jitter(random.nextLong(SECOND), random.nextLong(1_000, SECOND), random.nextLong());
            default -> new Effect.Strobe(random.nextLong(-SECOND, SECOND), random.nextLong(1_000, SECOND));
        };
    }

    @Test
    void monotonicStandsStillUntilItsTimeHasCaughtUpAndThenRunsOn() {
        ServedClock clock = clock(ClockType.MONOTONIC, new Effect.Step(60 * SECOND));
        long bootNs = after(0).boottimeNs();

        assertEquals(bootNs + 60 * SECOND, clock.readNs(after(0)));
        clock.setFaults(FaultChain.NONE);
        assertEquals(bootNs + 60 * SECOND, clock.readNs(after(SECOND)));
        assertEquals(bootNs + SECOND, clock.trueNs(after(SECOND)));
        assertEquals(bootNs + 60 * SECOND, clock.readNs(after(60 * SECOND)));
        assertEquals(bootNs + 61 * SECOND, clock.readNs(after(61 * SECOND)));
    }

    @Test
    void whatAMonotonicClockShowedCanBeCarriedOverARestart() {
        ServedClock clock = clock(ClockType.MONOTONIC, Smearing.UNSPECIFIED);
        clock.holdMonotonic(500_000 * SECOND);
        clock.holdMonotonic(400_000 * SECOND);
        clock.holdMonotonic(UNREPRESENTABLE);

        assertEquals(500_000 * SECOND, clock.monotonicNs());
        assertEquals(500_000 * SECOND, clock.readNs(after(0)));
        ServedClock tai = clock(ClockType.TAI);
        tai.holdMonotonic(-2);
        assertEquals(after(0).taiNs(), tai.readNs(after(0)));
        assertEquals(0, tai.monotonicNs());
    }

    @Test
    void whatAClockWillShowIsSeenByAnotherWithTheSameFaults() {
        Effect[] effects = {new Effect.Slew(-SECOND, 100_000_000), new Effect.Jitter(50, 1_000, 3)};
        ServedClock clock = clock(ClockType.UTC, effects);
        ServedClock preview = clock(ClockType.UTC, effects);
        HostInstant now = after(-100 * SECOND);

        for (long ns = 0; ns < 20 * SECOND; ns += SECOND / 3) {
            assertEquals(clock.readNs(after(ns - 100 * SECOND)), preview.readNs(now.plus(ns)));
        }
        assertEquals(new HostInstant(-2, 3, 4), new HostInstant(-4, 1, 2).plus(2));
        assertEquals(new HostInstant(UNREPRESENTABLE, 4, 5), new HostInstant(-4, 1, 2).plus(3));
        assertEquals(new HostInstant(0, UNREPRESENTABLE, -1), new HostInstant(3, 1, 2).plus(-3));
    }

    @Test
    void clocksThatAreReadWhileTheThreadIsInterruptedAreReadAgain() {
        long[] boottimesNs = {0, 1_000_000, 1_000_100, 1_000_200};
        HostClock host = new HostClock() {
            private int readings;

            @Override
            public long taiNs() {
                return boottimesNs[readings - 1] + 50;
            }

            @Override
            public long realtimeNs() {
                return boottimesNs[readings - 1] + 50;
            }

            @Override
            public long boottimeNs() {
                return boottimesNs[readings++];
            }
        };
        HostMoment moment = new HostMoment();

        moment.take(host);

        assertEquals(1_000_150, moment.taiNs());
        assertEquals(1_000_150, moment.realtimeNs());
        assertEquals(1_000_150, moment.boottimeNs());
    }

    @Test
    void readingAndLookingAheadAllocateNothingWithFaults() {
        ServedClock[] clocks = ClockSpec.DEFAULTS.stream().map(spec -> with(new ServedClock(spec, TABLE),
                new Effect.Step(1), new Effect.SetTime(MIDNIGHT), new Effect.Drift(-5), new Effect.Slew(99, 3),
                new Effect.Jitter(9, 1_000, 1), new Effect.Strobe(5, 1_000), new Effect.LeapSecond(LEAP_DAY, 1)))
                .toArray(ServedClock[]::new);
        HostClock[] instants = {after(0), after(SECOND), after(-60 * SECOND)};
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        readAll(clocks, instants);
        long before = threads.getCurrentThreadAllocatedBytes();
        readAll(clocks, instants);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertTrue(allocated < 2_048, () -> allocated + " bytes for 120,000 readings");
    }

    private static void readAll(ServedClock[] clocks, HostClock[] instants) {
        for (int i = 0; i < 10_000; i++) {
            for (ServedClock clock : clocks) {
                for (HostClock instant : instants) {
                    clock.readNs(instant);
                    clock.scaleNs(instant);
                    clock.nsUntilLook(MIDNIGHT, instant);
                }
            }
        }
    }
}
