package io.clocktower.fault;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.device.ManualHostClock;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FaultsTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int UTC = 0;
    private static final int TAI = 1;
    private static final int MONOTONIC = 2;
    private static final List<ClockSpec> CLOCKS = List.of(clock(ClockType.UTC), clock(ClockType.TAI),
            clock(ClockType.MONOTONIC));
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);
    private static final Effect FREEZE = new Effect.Freeze();

    private static ClockSpec clock(ClockType type) {
        return new ClockSpec(type, Smearing.UNSPECIFIED, false);
    }

    private static Faults none() {
        return new Faults(CLOCKS, LeapSeconds.builtIn(), List.of(), Map.of());
    }

    private static Instant in(long ns) {
        return Instant.EPOCH.plusNanos(NOW.realtimeNs() + ns);
    }

    /** What a clock shows after a time, less what it showed at its begin without faults. */
    private static long shown(Faults faults, int clockId, long afterNs) {
        HostInstant then = NOW.plus(afterNs);
        return faults.at(then).clock(clockId).readNs(then) - none().clock(clockId).readNs(NOW);
    }

    @Test
    void faultsAreComposedInTheOrderOfTheirStarts() throws Exception {
        FaultRequest stepAt10 = from(in(10 * SECOND), of(new Effect.Step(-300 * SECOND)));
        FaultRequest freezeAt20 = from(in(20 * SECOND), of(FREEZE));
        Faults inOrder = none().with("a", stepAt10, NOW).with("b", freezeAt20, NOW);
        Faults inReverse = none().with("b", freezeAt20, NOW).with("a", stepAt10, NOW);

        for (Faults faults : List.of(inOrder, inReverse)) {
            assertEquals(List.of("a", "b"), faults.list().stream().map(Fault::id).toList());
            assertEquals(9 * SECOND, shown(faults, UTC, 9 * SECOND));
            assertEquals(-285 * SECOND, shown(faults, UTC, 15 * SECOND));
            assertEquals(-280 * SECOND, shown(faults, UTC, 25 * SECOND));
        }
    }

    @Test
    void aStepAfterAFreezeMovesWhatStandsStill() throws Exception {
        Faults faults = none().with("b", of(FREEZE), NOW)
                .with("a", from(in(10 * SECOND), of(new Effect.Step(5 * SECOND))), NOW);
        assertEquals(0, shown(faults, TAI, 9 * SECOND));
        assertEquals(5 * SECOND, shown(faults, TAI, 11 * SECOND));
    }

    @Test
    void thoseOfOneStartAreComposedInTheOrderOfTheirInjection() throws Exception {
        Faults driftLast = none().with("a", of(FREEZE), NOW).with("b", of(new Effect.Drift(SECOND)), NOW);
        assertEquals(10 * SECOND, shown(driftLast, TAI, 10 * SECOND),
                "a clock that stands still, a second a second fast");
        Faults freezeLast = none().with("b", of(new Effect.Drift(SECOND)), NOW).with("a", of(FREEZE), NOW);
        assertEquals(0, shown(freezeLast, TAI, 10 * SECOND));
    }

    @Test
    void aFaultBeginsAndEndsToTheNanosecond() throws Exception {
        Faults faults = none().with("a", lasting(7 * SECOND, from(in(3 * SECOND), of(new Effect.Step(SECOND)))), NOW);
        assertEquals(3 * SECOND - 1, shown(faults, UTC, 3 * SECOND - 1));
        assertEquals(4 * SECOND, shown(faults, UTC, 3 * SECOND));
        assertEquals(11 * SECOND - 1, shown(faults, UTC, 10 * SECOND - 1));
        assertEquals(10 * SECOND, shown(faults, UTC, 10 * SECOND));
        assertTrue(faults.at(NOW.plus(10 * SECOND)).list().isEmpty());
    }

    @Test
    void aPausedFaultDoesNothingAndItsDurationStandsStill() throws Exception {
        Faults active = none().with("a", lasting(10 * SECOND, of(new Effect.Step(100 * SECOND))), NOW).at(NOW);
        Faults paused = active.at(NOW.plus(4 * SECOND)).paused("a", NOW.plus(4 * SECOND));

        assertEquals(5 * SECOND, shown(paused, UTC, 5 * SECOND));
        assertEquals(5_000 * SECOND, shown(paused, UTC, 5_000 * SECOND));
        assertEquals(Long.MAX_VALUE, paused.nextChangeNs());
        Fault fault = paused.list().getFirst();
        assertTrue(fault.isPaused() && !fault.isActive() && fault.end().isEmpty());
        assertEquals(Optional.of(Duration.ofSeconds(6)), fault.duration());
        assertSame(paused, paused.paused("a", NOW.plus(9 * SECOND)));

        Faults resumed = paused.resumed("a", NOW.plus(5_000 * SECOND));
        assertEquals(5_105 * SECOND, shown(resumed, UTC, 5_005 * SECOND));
        assertEquals(5_006 * SECOND, shown(resumed, UTC, 5_006 * SECOND));
        assertTrue(resumed.at(NOW.plus(5_006 * SECOND)).list().isEmpty());
    }

    @Test
    void aResumedFaultBeginsAgain() throws Exception {
        Faults drift = none().with("a", of(new Effect.Drift(SECOND)), NOW).at(NOW);
        Faults resumed = drift.paused("a", NOW.plus(10 * SECOND)).resumed("a", NOW.plus(20 * SECOND));

        assertEquals(19 * SECOND, shown(drift.paused("a", NOW.plus(10 * SECOND)), TAI, 19 * SECOND));
        assertEquals(22 * SECOND, shown(resumed, TAI, 21 * SECOND), "a second fast after one second");
    }

    @Test
    void onlyWhatActsIsPausedAndOnlyWhatIsPausedIsResumed() throws Exception {
        Faults faults = none().with("later", from(in(SECOND), of(FREEZE)), NOW).with("now", of(FREEZE), NOW).at(NOW);

        assertEquals(Reason.CONFLICT, refusal(() -> faults.paused("later", NOW)).reason());
        assertEquals(Reason.CONFLICT, refusal(() -> faults.resumed("now", NOW)).reason());
        assertEquals(Reason.NOT_FOUND, refusal(() -> faults.paused("none", NOW)).reason());
        assertEquals(Reason.NOT_FOUND, refusal(() -> faults.resumed("none", NOW)).reason());
    }

    @Test
    void theDurationAndTheReasonOfAFaultAreChanged() throws Exception {
        Faults active = none().with("a", lasting(10 * SECOND, of(new Effect.Drift(SECOND))), NOW).at(NOW);
        HostInstant then = NOW.plus(5 * SECOND);
        Faults longer = active.at(then).changed("a", Optional.of(Duration.ofSeconds(20)), Optional.of("more"), then);

        assertEquals(38 * SECOND, shown(longer, TAI, 19 * SECOND), "it goes on as it was");
        assertEquals(20 * SECOND, shown(longer, TAI, 20 * SECOND));
        assertEquals("more", longer.list().getFirst().reason());
        assertEquals("duration: 5s, the fault would have ended at 2026-11-22T12:00:05Z; revert it instead",
                refusal(() -> active.changed("a", Optional.of(Duration.ofSeconds(5)), Optional.empty(), then))
                        .getMessage());
        assertEquals(Reason.IMPOSSIBLE, refusal(
                () -> active.changed("a", Optional.of(Duration.ofDays(40_000)), Optional.empty(), then)).reason());
        assertEquals(Reason.NOT_FOUND, refusal(() -> active.changed("a", Optional.empty(), Optional.of("late"),
                NOW.plus(10 * SECOND))).reason());
    }

    private static DeviceException refusal(org.junit.jupiter.api.function.Executable change) {
        return assertThrows(DeviceException.class, change);
    }

    /** A loop that is late does not make a fault last. */
    @Test
    void aFaultEndsByItself() throws Exception {
        Faults begun = none().with("a", lasting(SECOND, of(FREEZE)), NOW).at(NOW);
        assertEquals(NOW.taiNs(), begun.clock(TAI).readNs(NOW.plus(SECOND - 1)));
        assertEquals(NOW.taiNs() + SECOND, begun.clock(TAI).readNs(NOW.plus(SECOND)));
    }

    @Test
    void aFaultBeginsFromWhatItsClockShowedThenHoweverLateItIsLookedAt() throws Exception {
        Faults faults = none().with("a", lasting(20 * SECOND, of(new Effect.Step(100 * SECOND))), NOW)
                .with("b", from(in(10 * SECOND), of(FREEZE)), NOW);
        assertEquals(110 * SECOND, shown(faults, UTC, 15 * SECOND));
        assertEquals(110 * SECOND, shown(faults, UTC, 30 * SECOND),
                "the step has ended, and stood when the clock froze");
        assertEquals(110 * SECOND, shown(faults.at(NOW.plus(15 * SECOND)), UTC, 30 * SECOND));
    }

    @Test
    void aLeapSecondThatHasEndedIsNoneWhenATimeIsSet() throws Exception {
        var leap = new Effect.LeapSecond(LocalDate.of(2026, 11, 30), 1);
        long targetNs = NOW.realtimeNs() + 20 * 86_400 * SECOND;
        Faults faults = none().with("a", lasting(SECOND, of(leap)), NOW)
                .with("b", from(in(2 * SECOND), of(new Effect.SetTime(targetNs))), NOW);
        HostInstant then = NOW.plus(2 * SECOND);
        assertEquals(targetNs, faults.at(then).clock(UTC).readNs(then));
    }

    @Test
    void aFaultTakesThePlaceOfTheOneThatHasItsId() throws Exception {
        Faults faults = none().with("offset", of(new Effect.Step(SECOND)), NOW)
                .with("drift", of(new Effect.Drift(0)), NOW).with("offset", of(new Effect.Step(5 * SECOND)), NOW);
        assertEquals(List.of("drift", "offset"), faults.list().stream().map(Fault::id).toList());
        assertEquals(5 * SECOND, shown(faults, UTC, 0));
        assertEquals(Optional.of(new Effect.Step(5 * SECOND)), faults.find("offset").map(Fault::effect));
    }

    @Test
    void thereAreNoMoreThanThirtyTwo() throws Exception {
        Faults faults = none();
        for (int i = 0; i < Faults.MAX; i++) {
            faults = faults.with("f" + i, of(new Effect.Step(1)), NOW);
        }
        Faults full = faults;
        assertEquals(Faults.MAX, shown(full, UTC, 0));
        var refusal = assertThrows(DeviceException.class, () -> full.with("more", of(FREEZE), NOW));
        assertEquals(Reason.CONFLICT, refusal.reason());
        assertEquals(2 + Faults.MAX - 1, shown(full.with("f3", of(new Effect.Step(2)), NOW), UTC, 0));
    }

    @Test
    void revertingWhatThereIsNotChangesNothing() throws Exception {
        Faults faults = none().with("a", of(FREEZE), NOW);
        assertSame(faults, faults.without(fault -> fault.id().equals("b")));
        assertEquals(5 * SECOND, shown(faults.without(_ -> true), UTC, 5 * SECOND));
    }

    @Test
    void aDevicesFaultsSpareItsMonotonicClocks() throws Exception {
        for (Effect effect : effects()) {
            if (!(effect instanceof Effect.LeapSecond)) {
                Faults faults = none().with("a", of(effect), NOW);
                for (long after = 0; after < 100 * SECOND; after += 9 * SECOND) {
                    assertEquals(after, shown(faults, MONOTONIC, after), effect::toString);
                }
            }
        }
    }

    private static List<Effect> effects() {
        return List.of(new Effect.Step(-5), new Effect.SetTime(7), new Effect.Drift(1000), new Effect.Slew(-5, 1000),
                FREEZE, new Effect.Jitter(5, 1000, 1), new Effect.Strobe(-5, 1000),
                new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1));
    }

    /** Its floor is what it showed under a fault that is gone. */
    @Test
    void aMonotonicClockNeverGoesBack() throws Exception {
        Faults led = none().with("a", lasting(10 * SECOND, of(MONOTONIC, new Effect.Drift(SECOND))), NOW).at(NOW);
        HostInstant last = NOW.plus(10 * SECOND - 1);
        long floorNs = led.clock(MONOTONIC).readNs(last);
        assertEquals(NOW.boottimeNs() + 20 * SECOND - 2, floorNs);

        Faults held = led.withFloors(Map.of(MONOTONIC, floorNs)).at(NOW.plus(10 * SECOND));
        assertEquals(floorNs, held.clock(MONOTONIC).readNs(NOW.plus(15 * SECOND)));
        assertEquals(NOW.boottimeNs() + 25 * SECOND, held.clock(MONOTONIC).readNs(NOW.plus(25 * SECOND)));
    }

    @Test
    void slowDriftAndFreezeOfANamedMonotonicClockAreAllowed() throws Exception {
        Faults faults = none().with("a", of(MONOTONIC, new Effect.Drift(-500_000_000)), NOW);
        assertEquals(5 * SECOND, shown(faults, MONOTONIC, 10 * SECOND));
        assertEquals(0, shown(none().with("a", of(MONOTONIC, FREEZE), NOW), MONOTONIC, 10 * SECOND));
        assertEquals(9, shown(none().with("a", of(MONOTONIC, new Effect.Step(9)), NOW), MONOTONIC, 0));
    }

    static Stream<Arguments> refusals() {
        Effect step = new Effect.Step(1);
        return Stream.of(
                Arguments.of("clock: 3, expected 0 to 2", of(3, step)),
                Arguments.of("clock: -1, expected 0 to 2", of(-1, step)),
                Arguments.of("duration: 0s, expected more than 0s and at most 36500 days", lasting(0, of(step))),
                Arguments.of("duration: -1s, expected more than 0s and at most 36500 days", lasting(-SECOND, of(step))),
                Arguments.of("duration: ", new FaultRequest(Optional.empty(), step, Optional.empty(),
                        Optional.of(Duration.ofDays(36_500).plusNanos(1)), "", "")),
                Arguments.of("start: ", from(in(-10 * SECOND - 1), of(step))),
                Arguments.of("start: ", from(in(0).plus(Duration.ofDays(3_650)).plusNanos(1), of(step))),
                Arguments.of("start: ", from(Instant.MAX, of(step))),
                Arguments.of("start: ", from(Instant.MIN, of(step))),
                Arguments.of("offset: ", of(MONOTONIC, new Effect.Step(-1))),
                Arguments.of("type: ", of(MONOTONIC, new Effect.SetTime(0))),
                Arguments.of("type: ", of(MONOTONIC, new Effect.Jitter(0, 1000, 0))),
                Arguments.of("type: ", of(MONOTONIC, new Effect.Strobe(5, 1000))),
                Arguments.of("type: ", of(MONOTONIC, new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1))),
                Arguments.of("type: ", of(TAI, new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1))),
                Arguments.of("month: ", of(new Effect.LeapSecond(LocalDate.of(2016, 12, 31), 1))),
                Arguments.of("offset: clock 0 would leave", of(new Effect.Step(-NOW.taiNs() - 1))),
                Arguments.of("time: clock 1 would leave", of(TAI, new Effect.SetTime(-2))),
                Arguments.of("range: clock 0 would leave", of(new Effect.Jitter(1L << 61, 1000, 0))),
                Arguments.of("delta: clock 0 would leave", of(new Effect.Strobe(-NOW.taiNs() - 1, 1000))));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void aRefusalNamesTheComponentToBlame(String message, FaultRequest request) {
        var refusal = assertThrows(DeviceException.class, () -> none().with("a", request, NOW));
        assertEquals(Reason.IMPOSSIBLE, refusal.reason());
        assertTrue(refusal.getMessage().startsWith(message), refusal::getMessage);
    }

    @Test
    void theLastTimesThatCanBeAreAccepted() throws Exception {
        assertEquals(-NOW.taiNs(), shown(none().with("a", of(TAI, new Effect.Step(-NOW.taiNs())), NOW), TAI, 0));
        assertEquals(Long.MAX_VALUE,
                shown(none().with("a", of(MONOTONIC, new Effect.Step(Long.MAX_VALUE)), NOW), MONOTONIC, 0));
        none().with("a", lasting(Duration.ofDays(36_500).toNanos(), from(in(Duration.ofDays(3_650).toNanos()),
                of(FREEZE))), NOW);
    }

    @Test
    void aLeapSecondOfOneDayIsRehearsedOnce() throws Exception {
        var leap = new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1);
        Faults faults = none().with("a", of(leap), NOW).at(NOW);
        var refusal = assertThrows(DeviceException.class, () -> faults.with("b", of(leap), NOW));
        assertTrue(refusal.getMessage().startsWith("month: "), refusal::getMessage);
    }

    @Test
    void aDeviceOfMonotonicClocksAloneWantsThemNamed() throws Exception {
        var faults = new Faults(List.of(clock(ClockType.MONOTONIC)), LeapSeconds.builtIn(), List.of(), Map.of());
        var refusal = assertThrows(DeviceException.class, () -> faults.with("a", of(FREEZE), NOW));
        assertTrue(refusal.getMessage().startsWith("clock: missing, expected the id of a clock"), refusal::getMessage);
        assertFalse(faults.with("a", of(0, FREEZE), NOW).list().isEmpty());
    }

    /** One that was asked for a little before the clocks could be changed begins when they are. */
    @Test
    void aFaultThatCouldNotBeginInTimeBeginsNow() throws Exception {
        Faults late = none().with("a", lasting(10 * SECOND, of(FREEZE)), NOW).begun(NOW.plus(SECOND));
        assertEquals(NOW.taiNs() + SECOND, late.clock(TAI).readNs(NOW.plus(5 * SECOND)));
        assertEquals(NOW.boottimeNs() + SECOND, late.list().getFirst().startNs());
        assertEquals(in(SECOND), late.list().getFirst().start());
        assertEquals(Optional.of(in(11 * SECOND)), late.list().getFirst().end());
        assertEquals(NOW.boottimeNs() + 11 * SECOND, late.list().getFirst().endNs());
    }

    @Test
    void theNextChangeIsTheNextBeginOrEnd() throws Exception {
        assertEquals(Long.MAX_VALUE, none().nextChangeNs());
        Faults faults = none().with("a", lasting(9 * SECOND, of(FREEZE)), NOW).at(NOW)
                .with("b", from(in(5 * SECOND), of(FREEZE)), NOW);
        assertEquals(NOW.boottimeNs() + 5 * SECOND, faults.nextChangeNs());
        assertEquals(NOW.boottimeNs() + 9 * SECOND, faults.at(NOW.plus(5 * SECOND)).nextChangeNs());
    }
}
