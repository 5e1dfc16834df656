package io.clocktower.fault;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.clock.UtcTime;
import io.clocktower.device.ManualHostClock;
import io.clocktower.spec.DeviceException;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What set, step, slew and freeze show while a rehearsed leap second comes and goes. */
class LeapTableChangesTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int UTC = 0;
    private static final int TAI = 1;
    private static final int SMEARED = 2;
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);
    private static final LocalDate DAY = LocalDate.of(2026, 12, 31);
    private static final long MIDNIGHT = DAY.plusDays(1).toEpochDay() * 86_400 * SECOND;
    private static final Effect PAST_IT = new Effect.SetTime(MIDNIGHT + 1_000_000 * SECOND);

    private static Faults none() {
        return new Faults(
                List.of(clock(ClockType.UTC, Smearing.UNSPECIFIED), clock(ClockType.TAI, Smearing.UNSPECIFIED),
                        clock(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR)),
                LeapSeconds.builtIn(), List.of(), Map.of());
    }

    private static ClockSpec clock(ClockType type, Smearing smearing) {
        return new ClockSpec(type, smearing, false);
    }

    static Stream<Arguments> matrix() {
        long toThereNs = MIDNIGHT + 1_000_000 * SECOND - NOW.realtimeNs();
        return Stream.of(PAST_IT, new Effect.Step(toThereNs), new Effect.Slew(toThereNs, Effect.HIGHEST_RATE_PPB),
                new Effect.Freeze())
                .flatMap(effect -> Stream.of(1, -1).flatMap(change -> Stream.of(true, false)
                        .map(leapFirst -> Arguments.of(effect, change, leapFirst))));
    }

    /** TAI runs on; UTC is TAI by the table that there is. */
    @ParameterizedTest
    @MethodSource("matrix")
    void taiRunsOnAndUtcFollowsTheTable(Effect effect, int change, boolean leapFirst) throws Exception {
        FaultRequest leap = lasting(100_000 * SECOND, of(new Effect.LeapSecond(DAY, change)));
        Faults faults = leapFirst
                ? none().with("leap", leap, NOW).at(NOW).with("a", of(effect), NOW).at(NOW)
                : none().with("a", of(effect), NOW).at(NOW).with("leap", leap, NOW).at(NOW);
        HostInstant last = NOW.plus(100_000 * SECOND - 1);
        HostInstant after = NOW.plus(100_000 * SECOND);

        long rate = effect instanceof Effect.Freeze ? 0 : 1;
        assertEquals(rate, faults.at(after).clock(TAI).readNs(after) - faults.clock(TAI).readNs(last));
        LeapSeconds with = LeapSeconds.builtIn().with(DAY, change);
        assertEquals(with.utcFromTai(faults.clock(TAI).readNs(last)), faults.clock(UTC).readNs(last));
        assertEquals(LeapSeconds.builtIn().utcFromTai(faults.at(after).clock(TAI).readNs(after)),
                faults.at(after).clock(UTC).readNs(after));
    }

    @Test
    void whatASetTimeMeansIsFixedWhenItBegins() throws Exception {
        Faults faults = none().with("leap", of(new Effect.LeapSecond(DAY, 1)), NOW).at(NOW)
                .with("set", of(PAST_IT), NOW).at(NOW);
        long utcNs = ((Effect.SetTime) PAST_IT).utcNs();
        assertEquals(utcNs, faults.clock(UTC).readNs(NOW));
        assertEquals(utcNs + 38 * SECOND, faults.clock(TAI).readNs(NOW));
        Faults reverted = faults.revert(fault -> fault.id().equals("leap"), NOW);
        assertEquals(utcNs + 38 * SECOND, reverted.clock(TAI).readNs(NOW));
        assertEquals(utcNs + SECOND, reverted.clock(UTC).readNs(NOW));
        Faults restored = new Faults(List.of(clock(ClockType.UTC, Smearing.UNSPECIFIED),
                clock(ClockType.TAI, Smearing.UNSPECIFIED), clock(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR)),
                LeapSeconds.builtIn(), reverted.list(), Map.of()).at(NOW);
        assertEquals(utcNs + 38 * SECOND, restored.clock(TAI).readNs(NOW));
    }

    private static Effect set(String text) {
        UtcTime time = UtcTime.parse(text);
        return new Effect.SetTime(HostInstant.ns(time.time()).orElseThrow(), time.isLeapSecond());
    }

    /** All kinds of clocks show the same instant: TAI as it is, UTC by its count of that second, smeared UTC as it smears. */
    @Test
    void aRehearsedLeapSecondCanBeSet() throws Exception {
        Faults faults = none().with("leap", of(new Effect.LeapSecond(DAY, 1)), NOW)
                .with("set", of(set("2026-12-31T23:59:60.25Z")), NOW).at(NOW);
        assertEquals(MIDNIGHT + 37 * SECOND + SECOND / 4, faults.clock(TAI).readNs(NOW));
        assertEquals(MIDNIGHT - SECOND * 3 / 4, faults.clock(UTC).readNs(NOW));
        HostInstant next = NOW.plus(SECOND);
        assertEquals(MIDNIGHT + SECOND / 4, faults.clock(UTC).readNs(next));
        assertEquals(1, Long.signum(faults.clock(SMEARED).readNs(next) - faults.clock(SMEARED).readNs(NOW)));
        assertEquals("set, time 2026-12-31T23:59:60.250Z", EffectKind.text(faults.find("set").orElseThrow().effect()));
    }

    @Test
    void aHistoricLeapSecondCanBeSetAndNoOther() throws Exception {
        Faults faults = none().with("set", of(set("2016-12-31T23:59:60Z")), NOW).at(NOW);
        long midnight = LocalDate.of(2017, 1, 1).toEpochDay() * 86_400 * SECOND;
        assertEquals(midnight + 36 * SECOND, faults.clock(TAI).readNs(NOW));
        assertEquals(midnight - SECOND, faults.clock(UTC).readNs(NOW));
        for (String wrong : List.of("2026-12-31T23:59:60Z", "2016-12-30T23:59:60Z", "1972-01-01T23:59:60Z")) {
            var error = assertThrows(DeviceException.class, () -> none().with("set", of(set(wrong)), NOW));
            assertTrue(error.getMessage().startsWith("time: " + wrong + ", expected a leap second"), error::getMessage);
        }
    }

    @Test
    void aSetTimeInARehearsedLeapSecondNeedsThatUntilItBegins() throws Exception {
        Faults faults = none().with("leap", of(new Effect.LeapSecond(DAY, 1)), NOW)
                .with("set", from(NOW.wallClock().plusSeconds(5), of(set("2026-12-31T23:59:60Z"))), NOW).at(NOW);
        assertThrows(DeviceException.class, () -> faults.revert(fault -> fault.id().equals("leap"), NOW));
        HostInstant then = NOW.plus(5 * SECOND);
        assertEquals(List.of("set"),
                faults.at(then).revert(fault -> fault.id().equals("leap"), then).list().stream().map(Fault::id)
                        .toList());
    }
}
