package io.clocktower.fault;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PreviewTest {

    private static final long SECOND = 1_000_000_000L;
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);
    private static final List<ClockSpec> CLOCKS = List.of(
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, false));

    private final Faults none = new Faults(CLOCKS, LeapSeconds.builtIn(), List.of(), Map.of());

    private static List<Long> offsets(Faults faults, int clock, long... atSeconds) {
        Preview preview = Preview.of(CLOCKS.size(), faults, NOW,
                LongStream.of(atSeconds).map(at -> at * SECOND).boxed().toList());
        return preview.samples().stream().map(sample -> sample.clocks().get(clock))
                .map(reading -> (reading.servedNs() - reading.trueNs()) / SECOND).toList();
    }

    @Test
    void itShowsFaultsBeginAndEnd() throws Exception {
        Faults faults = none.with("a", lasting(10 * SECOND, from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + 5 * SECOND),
                of(new Effect.Step(-300 * SECOND)))), NOW);
        assertEquals(List.of(0L, 0L, -300L, -300L, 0L), offsets(faults, 0, 0, 4, 5, 14, 15));
    }

    /** However few the samples: what it begins from is what a fault left that no sample shows. */
    @Test
    void samplesDoNotChangeWhatIsShown() throws Exception {
        Faults faults = none.with("a", lasting(10 * SECOND, of(new Effect.Step(100 * SECOND))), NOW)
                .with("b", from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + 5 * SECOND), of(new Effect.Freeze())), NOW);
        assertEquals(List.of(100L, 85L), offsets(faults, 0, 0, 20));
        assertEquals(List.of(100L, 100L, 99L, 85L), offsets(faults, 0, 0, 5, 6, 20));
    }

    @Test
    void aMonotonicClockStandsStillAfterAFaultThatLedIt() throws Exception {
        Faults faults = none.with("a", lasting(10 * SECOND, of(1, new Effect.Drift(SECOND))), NOW);
        assertEquals(List.of(0L, 8L, 0L), offsets(faults, 1, 0, 8, 30));
        assertEquals(List.of(0L, 6L, 3L, 0L), offsets(faults, 1, 0, 13, 16, 20), "and no sample was at its end");
    }

    @Test
    void itTellsTheTimesOfItsSamples() {
        Preview.Sample sample = Preview.of(CLOCKS.size(), none, NOW, List.of(SECOND)).samples().getFirst();
        assertEquals(NOW.realtimeNs() + SECOND, sample.realtimeNs());
        assertEquals(List.of(new ClockReading(0, NOW.taiNs() + SECOND, NOW.taiNs() + SECOND),
                new ClockReading(1, NOW.boottimeNs() + SECOND, NOW.boottimeNs() + SECOND)), sample.clocks());
    }
}
