package io.clocktower.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.clock.HostClock;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ClockStepsTest {

    private static final long SECOND = 1_000_000_000;
    private static final long YEAR = 365 * 86_400 * SECOND;

    private long realtimeNs = 1_795_348_800 * SECOND;
    private long boottimeNs = 1_000 * SECOND;
    private final ClockSteps steps = new ClockSteps(new HostClock() {

        @Override
        public long taiNs() {
            return realtimeNs + 37 * SECOND;
        }

        @Override
        public long realtimeNs() {
            return realtimeNs;
        }

        @Override
        public long boottimeNs() {
            return boottimeNs;
        }
    });

    private OptionalLong lookAfter(long realNs, long bootNs) {
        realtimeNs += realNs;
        boottimeNs += bootNs;
        return steps.look();
    }

    @Test
    void aStepIsToldOnceAndWithItsSize() {
        for (long stepNs : new long[]{SECOND / 2, -SECOND / 2, YEAR, -YEAR}) {
            assertEquals(OptionalLong.empty(), lookAfter(SECOND, SECOND));
            assertEquals(OptionalLong.empty(), lookAfter(SECOND + stepNs, SECOND), "one look is not enough");
            assertEquals(OptionalLong.of(stepNs), lookAfter(SECOND, SECOND));
            assertEquals(OptionalLong.empty(), lookAfter(SECOND, SECOND));
        }
    }

    @Test
    void aSlewIsNoStep() {
        for (int i = 0; i < 10_000; i++) {
            assertEquals(OptionalLong.empty(), lookAfter(SECOND + SECOND / 2_000, SECOND));
        }
    }

    /** CLOCK_BOOTTIME counts that time. */
    @Test
    void aSuspendedHostIsNoStep() {
        assertEquals(OptionalLong.empty(), lookAfter(3_600 * SECOND, 3_600 * SECOND));
        assertEquals(OptionalLong.empty(), lookAfter(SECOND, SECOND));
    }

    /** The thread lost the processor between its two readings. */
    @Test
    void oneLateReadingIsNoStep() {
        assertEquals(OptionalLong.empty(), lookAfter(SECOND, 2 * SECOND));
        assertEquals(OptionalLong.empty(), lookAfter(2 * SECOND, SECOND));
        assertEquals(OptionalLong.empty(), lookAfter(SECOND, SECOND));
    }
}
