package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Whatever the kernel answers on this machine, it must be what a clock can be like. */
class ClockDisciplineTest {

    private static final long MOST_NS = 16_000_000_000L;
    private static final int TIME_ERROR = 5;

    @Test
    void theKernelIsAsked() {
        Optional<ClockDiscipline> answer = ClockDiscipline.read();
        Assumptions.assumeTrue(answer.isPresent(), "a filter of system calls refuses adjtimex here");
        ClockDiscipline discipline = answer.get();

        assertTrue(discipline.state() >= 0 && discipline.state() <= TIME_ERROR, discipline::toString);
        assertTrue(discipline.maxErrorNs() >= 0 && discipline.maxErrorNs() <= MOST_NS, discipline::toString);
        assertTrue(discipline.estimatedErrorNs() >= 0 && discipline.estimatedErrorNs() <= MOST_NS,
                discipline::toString);
        if (!discipline.isSynchronized()) {
            assertEquals(TIME_ERROR, discipline.state(), discipline::toString);
        }
    }

    /** Read at the right offset: the kernel's CLOCK_TAI is its wall clock plus this. */
    @Test
    void theTaiOffsetIsTheKernels() {
        Assumptions.assumeTrue(ClockDiscipline.read().isPresent(), "a filter of system calls refuses adjtimex here");
        long apartNs = SystemClock.TAI.readNs() - SystemClock.REALTIME.readNs();
        assertEquals(Math.round(apartNs / 1e9), ClockDiscipline.read().orElseThrow().taiOffsetSeconds());
    }
}
