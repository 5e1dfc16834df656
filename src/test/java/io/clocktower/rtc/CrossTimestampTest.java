package io.clocktower.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.AnchoredEffect;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.FaultChain;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import java.util.List;
import org.junit.jupiter.api.Test;

/** VIRTIO 1.4, "Read Requests", of cross-timestamps. */
class CrossTimestampTest {

    private static final long START = 1_800_000_000_000_000_000L;

    /** Each reading of the clock takes as long as the test says, and the counter runs at one cycle a nanosecond. */
    private static final class Host implements HostClock, GuestCounter {

        private final long[] readingTakesNs;
        private int readings;
        private long ns = START;
        private long cyclesLessNs;

        private Host(long... readingTakesNs) {
            this.readingTakesNs = readingTakesNs;
        }

        @Override
        public long taiNs() {
            ns += readingTakesNs[readings++ % readingTakesNs.length];
            return ns;
        }

        @Override
        public long realtimeNs() {
            return ns;
        }

        @Override
        public long boottimeNs() {
            return ns;
        }

        @Override
        public int id() {
            return X86_TSC;
        }

        @Override
        public long readCycles() {
            return ns + cyclesLessNs;
        }
    }

    private final ServedClock clock = new ServedClock(
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false), LeapSeconds.builtIn());
    private final CrossTimestamp pair = new CrossTimestamp();

    @Test
    void aClosePairIsTakenAtOnce() {
        var host = new Host(100);
        assertTrue(pair.take(clock, host, host));
        assertEquals(2, host.readings);
        assertEquals(START + 150, pair.clockReading(), "between the two readings");
        assertEquals(START + 100, pair.counterCycles());
    }

    @Test
    void theClosestOfAFewTriesIsTaken() {
        var host = new Host(10, 9_000, 10, 3_000, 10, 15_000, 10, 8_000, 10, 7_000, 10, 9_000, 10, 9_000, 10, 9_000);
        assertTrue(pair.take(clock, host, host));
        assertEquals(START + 9_010 + 10 + 1_500, pair.clockReading());
        assertEquals(START + 9_010 + 10, pair.counterCycles());
    }

    /** "a value other than VIRTIO_RTC_S_OK if the device cannot determine the approximate value". */
    @Test
    @Proves("rtc-read-10")
    void aPairThatIsNeverCloseIsNone() {
        var host = new Host(1_000_000);
        assertFalse(pair.take(clock, host, host));
    }

    @Test
    void aClockThatStepsBackBetweenItsReadingsIsReadAgain() {
        var host = new Host(100, -50_000, 100, 200);
        assertTrue(pair.take(clock, host, host));
        assertEquals(4, host.readings);
    }

    @Test
    void aClockThatRunsAThousandTimesAsFastIsPairedAllTheSame() {
        var host = new Host(100);
        clock.setFaults(chain(new Effect.Drift(Effect.HIGHEST_RATE_PPB)));
        assertTrue(pair.take(clock, host, host));
        assertEquals(START + 150_000, pair.clockReading(), 100);
    }

    @Test
    void aClockThatJumpsAheadBetweenItsReadingsIsReadAgain() {
        var host = new Host(600);
        clock.setFaults(chain(new Effect.Strobe(-1_000_000_000L, 1_100)));
        assertTrue(pair.take(clock, host, host));
        long behindNs = host.ns - pair.clockReading();
        assertTrue(behindNs < 20_000 || behindNs > 999_980_000, behindNs + " ns");
    }

    private static FaultChain chain(Effect effect) {
        return FaultChain.of(List.of(new AnchoredEffect(effect, START, Long.MAX_VALUE, START)), LeapSeconds.builtIn());
    }

    /** "a value that the hardware counter shows after the earlier request's ..., or the same counter_cycles value". */
    @Test
    @Proves("rtc-read-11")
    void theCounterNeverGoesBack() {
        var host = new Host(100);
        assertTrue(pair.take(clock, host, host));
        long first = pair.counterCycles();
        host.cyclesLessNs = -10_000;
        assertTrue(pair.take(clock, host, host));
        assertEquals(first, pair.counterCycles());
        pair.forget();
        assertTrue(pair.take(clock, host, host));
        assertTrue(pair.counterCycles() < first);
    }

    @Test
    void aReadingThatCannotBeRepresentedIsNone() {
        var host = new Host(0);
        host.ns = ServedClock.UNREPRESENTABLE;
        assertFalse(pair.take(clock, host, host));
    }
}
