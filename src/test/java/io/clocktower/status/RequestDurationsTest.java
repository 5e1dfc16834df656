package io.clocktower.status;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.rtc.RequestType;
import io.clocktower.status.RequestDurations.Distribution;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RequestDurationsTest {

    private static final long[] BOUNDS = RequestDurations.boundsNs();

    private final RequestDurations durations = new RequestDurations();

    @Test
    void aDurationIsUpToTheBoundThatItEquals() {
        for (int i = 0; i < BOUNDS.length; i++) {
            Distribution before = durations.of(RequestType.READ);
            durations.add(RequestType.READ, 1, BOUNDS[i]);
            Distribution after = durations.of(RequestType.READ);

            long[] expected = before.upTo().clone();
            for (int j = i; j < expected.length; j++) {
                expected[j]++;
            }
            assertArrayEquals(expected, after.upTo(), Long.toString(BOUNDS[i]));
            assertEquals(before.sumNs() + BOUNDS[i], after.sumNs());
        }
    }

    @Test
    void oneLongerThanAllBoundsIsCountedAllTheSame() {
        durations.add(RequestType.READ, 1, BOUNDS[BOUNDS.length - 1] + 1);
        Distribution distribution = durations.of(RequestType.READ);
        assertEquals(1, distribution.count());
        assertEquals(0, distribution.upTo()[BOUNDS.length - 1]);
    }

    @Test
    void typesAreApart() {
        durations.add(RequestType.READ, 1, 1);
        durations.add(RequestType.UNKNOWN, 1, BOUNDS[2]);
        assertEquals(1, durations.of(RequestType.READ).count());
        assertEquals(1, durations.of(RequestType.UNKNOWN).count());
        assertEquals(0, durations.of(RequestType.CFG).count());
        assertEquals(1, durations.of(RequestType.READ).sumNs());
    }

    @Test
    void theBoundsAscend() {
        long[] sorted = BOUNDS.clone();
        Arrays.sort(sorted);
        assertArrayEquals(sorted, BOUNDS);
    }
}
