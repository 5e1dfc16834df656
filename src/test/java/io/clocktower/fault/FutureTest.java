package io.clocktower.fault;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.clock.Smearing;
import io.clocktower.device.ManualHostClock;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was accepted is possible for all of its future, whatever begins, ends and goes in between. */
class FutureTest {

    private static final long SECOND = 1_000_000_000L;
    private static final List<ClockSpec> CLOCKS = Stream.of(ClockType.values())
            .map(type -> new ClockSpec(type, Smearing.UNSPECIFIED, false)).toList();
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);

    private static Faults none() {
        return new Faults(CLOCKS, LeapSeconds.builtIn(), List.of(), Map.of());
    }

    private static Instant in(long seconds) {
        return NOW.wallClock().plusSeconds(seconds);
    }

    private static Effect days(long days) {
        return new Effect.Step(TimeUnit.DAYS.toNanos(days));
    }

    private static Effect leap(String month) {
        return new Effect.LeapSecond(YearMonth.parse(month).atEndOfMonth(), 1);
    }

    private static String refused(Faults faults, FaultRequest request) {
        var error = assertThrows(DeviceException.class, () -> faults.with("new", request, NOW));
        assertEquals(Reason.IMPOSSIBLE, error.reason());
        return error.getMessage();
    }

    @Test
    void aLeapSecondThatIsPendingIsNotRehearsedAgain() throws Exception {
        Faults pending = none().with("a", from(in(3), of(leap("2030-12"))), NOW);
        assertTrue(refused(pending, of(leap("2030-12"))).startsWith("month: fault a could not begin at "));
        assertDoesNotThrow(() -> pending.with("b", lasting(3 * SECOND, of(leap("2030-12"))), NOW));
    }

    @Test
    void stepsThatLeaveTheRangeTogetherAreRefusedInEachOrder() throws Exception {
        Faults later = none().with("a", from(in(3), of(days(100_000))), NOW);
        assertTrue(refused(later, of(days(100_000))).startsWith("offset: fault a could not begin at "));
        Faults first = none().with("a", of(days(100_000)), NOW);
        assertTrue(refused(first, from(in(3), of(days(100_000)))).startsWith("offset: clock 0 would leave "));
        assertDoesNotThrow(() -> later.with("b", lasting(3 * SECOND, of(days(100_000))), NOW));
        assertTrue(refused(later, lasting(3 * SECOND + 1, of(days(100_000)))).startsWith("offset: "));
    }

    @Test
    void whatLeansOnAnotherFaultIsRefusedIfThatEndsFirst() throws Exception {
        Faults ends = none().with("a", lasting(10 * SECOND, of(days(36_500))), NOW);
        assertTrue(refused(ends, of(days(-50_000))).startsWith("offset: clock 0 would leave "));
        assertDoesNotThrow(() -> ends.with("b", lasting(10 * SECOND, of(days(-50_000))), NOW));
        assertTrue(refused(ends, lasting(10 * SECOND + 1, of(days(-50_000)))).startsWith("offset: clock 0 would "));
    }

    @Test
    void aFaultOnWhichAnotherLeansIsRevertedOnlyWithIt() throws Exception {
        Faults both = none().with("offset", of(days(36_500)), NOW).with("b", of(days(-50_000)), NOW).at(NOW);
        var error = assertThrows(DeviceException.class, () -> both.revert(fault -> fault.id().equals("offset"), NOW));
        assertEquals(Reason.CONFLICT, error.reason());
        assertTrue(error.getMessage().contains("clock 0 would leave"), error::getMessage);
        assertEquals(List.of(), both.revert(_ -> true, NOW).list());
        Faults left = both.revert(fault -> fault.id().equals("b"), NOW);
        assertEquals(List.of(), left.revert(_ -> true, NOW).list());
        assertThrows(DeviceException.class, () -> both.with("offset", of(new Effect.Step(0)), NOW));
    }

    /** Drift is bounded by what is known to begin or end. */
    @Test
    void aDriftThatLeavesTheRangeBeforeTheLastChangeIsRefused() {
        Effect drift = new Effect.Drift(Effect.HIGHEST_RATE_PPB);
        FaultRequest year = lasting(TimeUnit.DAYS.toNanos(365), of(drift));
        assertTrue(refused(none(), year).startsWith("ratePpb: clock 0 would leave"));
        assertDoesNotThrow(() -> none().with("a", lasting(TimeUnit.DAYS.toNanos(100), of(drift)), NOW));
    }

    /** Its loop was busy when the first one should have begun; with all of its duration it would meet the second one. */
    @Test
    void aFaultThatBeginsLateEndsInTimeForTheNext() throws Exception {
        Faults faults = none().with("a", lasting(10 * SECOND, from(in(5), of(leap("2030-12")))), NOW)
                .with("b", from(in(15), of(leap("2030-12"))), NOW);
        Faults late = faults.begun(NOW.plus(5 * SECOND + 7));
        Fault first = late.find("a").orElseThrow();
        assertEquals(in(5).plusNanos(7), first.start());
        assertEquals(Optional.of(in(15)), first.end());
        assertTrue(first.isSameAs(faults.find("a").orElseThrow()));
        Faults then = late.begun(NOW.plus(15 * SECOND));
        assertEquals(Map.of(), then.failures());
        assertEquals(List.of("b"), then.list().stream().filter(Fault::isActive).map(Fault::id).toList());
    }

    @Test
    void aFaultThatCannotBeginIsMarkedFailedAndTheOthersGoOn() throws Exception {
        Fault bad = none().with("bad", from(in(5), of(leap("2030-12"))), NOW).list().getFirst();
        Faults faults = none().with("a", of(leap("2030-12")), NOW).with("step", from(in(5), of(days(1))), NOW).at(NOW);
        List<Fault> all = Stream.concat(faults.list().stream(), Stream.of(bad)).toList();
        Faults then = new Faults(CLOCKS, LeapSeconds.builtIn(), all, Map.of()).begun(NOW.plus(7 * SECOND));
        assertEquals(List.of("bad"), List.copyOf(then.failures().keySet()));
        assertTrue(then.find("step").orElseThrow().isActive());
        assertFalse(then.find("bad").orElseThrow().isActive());
        assertEquals(Long.MAX_VALUE, then.nextChangeNs());
        assertEquals(Map.of(), then.without(fault -> fault.id().equals("bad")).failures());
        assertEquals(then, then.begun(NOW.plus(8 * SECOND)));
    }

    @Test
    void aStartOfUpToTenSecondsAgoMeansNow() throws Exception {
        for (FaultRequest request : List.of(from(NOW.wallClock(), of(days(1))), from(in(-10), of(days(1))))) {
            Fault fault = none().with("a", lasting(SECOND, request), NOW).list().getFirst();
            assertEquals(NOW.wallClock(), fault.start());
            assertEquals(NOW.boottimeNs(), fault.startNs());
            assertEquals(NOW.boottimeNs() + SECOND, fault.endNs());
        }
        assertTrue(refused(none(), from(in(-10).minusNanos(1), of(days(1)))).startsWith("start: "));
    }

    private static final int STEPS = 60;

    /** Injections, starts, ends, removals and leap changes in random order; each accepted state is served and restored. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void noSequenceThatWasAcceptedThrowsLeavesTheRangeOrLosesAFault(long seed) {
        var random = new Random(seed);
        Faults faults = none();
        HostInstant now = NOW;
        int accepted = 0;
        for (int step = 0; step < STEPS; step++) {
            try {
                if (random.nextInt(4) == 0 && !faults.list().isEmpty()) {
                    String id = faults.list().get(random.nextInt(faults.list().size())).id();
                    faults = faults.revert(fault -> fault.id().equals(id), now);
                } else {
                    faults = faults.with("f" + random.nextInt(8), request(random, now), now);
                }
                accepted++;
            } catch (DeviceException _) {
                // Refused: the faults are as they were.
            }
            faults = faults.begun(now);
            checkAll(faults, now);
            // Sometimes the loop is late, sometimes it wakes just when something happens.
            long nextNs = faults.nextChangeNs();
            long jumpNs = nextNs == Long.MAX_VALUE || random.nextInt(3) > 0
                    ? random.nextLong(5 * SECOND)
                    : nextNs - now.boottimeNs() + (random.nextBoolean() ? 0 : random.nextLong(2_000_000));
            if (jumpNs < Duration.ofDays(1).toNanos()) {
                checkUntil(faults, now, jumpNs, random);
                now = now.plus(jumpNs);
                faults = faults.begun(now);
            }
            checkAll(faults, now);
        }
        assertTrue(accepted > STEPS / 4, "too few were accepted: " + accepted);
        assertEquals(List.of(), faults.without(_ -> true).list());
    }

    private static void checkUntil(Faults faults, HostInstant now, long jumpNs, Random random) {
        for (int i = 0; i < 4 && jumpNs > 0; i++) {
            HostInstant then = now.plus(random.nextLong(jumpNs));
            checkAll(faults.at(then), then);
        }
    }

    private static void checkAll(Faults faults, HostInstant now) {
        assertEquals(Map.of(), faults.failures());
        for (int id = 0; id < CLOCKS.size(); id++) {
            assertTrue(ServedClock.isRepresentable(faults.clock(id).readNs(now)), "clock " + id + ": " + faults.list());
        }
        Faults restored = new Faults(CLOCKS, LeapSeconds.builtIn(), faults.list(), faults.floorsNs()).at(now);
        assertEquals(faults.list(), restored.list());
    }

    private static FaultRequest request(Random random, HostInstant now) {
        Effect effect = switch (random.nextInt(8)) {
            case 0, 1 -> days(random.nextLong(-60_000, 110_000));
            case 2 -> new Effect.SetTime(random.nextLong(0, Long.MAX_VALUE) * 2);
            case 3 -> new Effect.Drift(random.nextLong(-999_999_999, 5 * SECOND));
            case 4 -> new Effect.Slew(random.nextLong(-3_000 * SECOND, 3_000 * SECOND), random.nextLong(1, SECOND - 1));
            case 5 ->
                random.nextBoolean() ? new Effect.Freeze() : new Effect.Jitter(random.nextLong(1L << 61), 1_000, 1);
            case 6 -> new Effect.Strobe(random.nextLong(Long.MIN_VALUE / 3, Long.MAX_VALUE / 3), SECOND);
            default -> leap(YearMonth.of(2030, 1).plusMonths(random.nextInt(3)).toString());
        };
        FaultRequest request = of(effect);
        if (random.nextInt(3) > 0) {
            request = lasting(random.nextLong(1, 10 * SECOND), request);
        }
        return random.nextBoolean()
                ? request
                : from(now.wallClock().plusNanos(random.nextLong(-SECOND, 10 * SECOND)), request);
    }
}
