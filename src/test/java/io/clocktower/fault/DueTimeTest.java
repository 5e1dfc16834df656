package io.clocktower.fault;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.device.ManualHostClock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DueTimeTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int LOOKED_AT_NS = 10_000;
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);

    private static Faults none() {
        return new Faults(List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true)), LeapSeconds.builtIn(),
                List.of(), Map.of());
    }

    /** Each nanosecond is looked at; a rate rounds, so a reading may be early by one a fault. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void itIsWhatLookingAtEveryNanosecondFinds(long seed) throws Exception {
        var random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            Faults faults = none();
            int count = random.nextInt(5);
            for (int k = 0; k < count; k++) {
                faults = faults.with("f" + k, request(random), NOW);
            }
            long timeNs = NOW.realtimeNs() + random.nextInt(-3_000, 2 * LOOKED_AT_NS);
            assertIsFirst(faults, timeNs, faults.nsUntil(0, timeNs, NOW));
        }
    }

    private static FaultRequest request(Random random) {
        Effect effect = switch (random.nextInt(5)) {
            case 0 -> new Effect.Step(random.nextInt(-5_000, 5_000));
            case 1 -> new Effect.SetTime(NOW.realtimeNs() + random.nextInt(-5_000, 5_000));
            case 2 -> new Effect.Drift(random.nextInt(-900_000_000, 2_000_000_000));
            case 3 -> new Effect.Slew(random.nextInt(-2_000, 2_000), random.nextInt(1, 900_000_000));
            default -> new Effect.Freeze();
        };
        FaultRequest request = of(effect);
        if (random.nextBoolean()) {
            request = from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + random.nextInt(LOOKED_AT_NS)), request);
        }
        return random.nextBoolean() ? lasting(1 + random.nextInt(LOOKED_AT_NS), request) : request;
    }

    private static void assertIsFirst(Faults faults, long timeNs, OptionalLong untilNs) {
        long dueNs = untilNs.orElse(Long.MAX_VALUE);
        Faults current = faults.at(NOW);
        for (long at = 0; at < LOOKED_AT_NS && at <= dueNs; at++) {
            HostInstant then = NOW.plus(at);
            if (current.nextChangeNs() <= then.boottimeNs()) {
                current = current.at(then);
            }
            long readingNs = current.clock(0).readNs(then);
            long earlyAt = at;
            if (at == 0 && dueNs < 0) {
                assertEquals(timeNs - readingNs, dueNs);
                return;
            }
            assertTrue(at == dueNs ? readingNs >= timeNs : readingNs - timeNs < faults.list().size() + 1,
                    () -> "due %d, and %d after %d ns with %s".formatted(dueNs, readingNs - timeNs, earlyAt,
                            faults.list()));
        }
    }

    @Test
    void aFrozenClockNeverComesToATime() throws Exception {
        Faults faults = none().with("a", of(new Effect.Freeze()), NOW);
        assertEquals(OptionalLong.empty(), faults.nsUntil(0, NOW.realtimeNs() + 1, NOW));
        assertEquals(OptionalLong.of(0), faults.nsUntil(0, NOW.realtimeNs(), NOW));
    }

    @Test
    void aTimeOfFarAwayIsExactToo() throws Exception {
        long yearNs = 365 * 86_400 * SECOND;
        assertEquals(OptionalLong.of(100 * yearNs), none().nsUntil(0, NOW.realtimeNs() + 100 * yearNs, NOW));
        Faults faults = none().with("a", lasting(yearNs, of(new Effect.Step(-3 * yearNs))), NOW);
        assertEquals(OptionalLong.of(yearNs), faults.nsUntil(0, NOW.realtimeNs() + yearNs / 2, NOW));
    }

    @Test
    void aTimeThatPassedIsSoLongAgo() throws Exception {
        assertEquals(OptionalLong.of(-5), none().nsUntil(0, NOW.realtimeNs() - 5, NOW));
        Faults far = none().with("a", of(new Effect.SetTime(-1_000_000_000_000L)), NOW);
        assertEquals(OptionalLong.of(-Long.MAX_VALUE), far.nsUntil(0, 0, NOW), "as long as can be said");
    }

    @Test
    void aStrobeReachesATimeWithItsNextPeriod() throws Exception {
        Faults faults = none().with("a", of(new Effect.Strobe(-60 * SECOND, 10 * SECOND)), NOW);
        assertEquals(OptionalLong.of(10 * SECOND), faults.nsUntil(0, NOW.realtimeNs() + SECOND, NOW));
    }
}
