package io.clocktower.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** So many in any second, and the others are counted. */
class EventLimitTest {

    private static final long SECOND = 1_000_000_000L;

    private long nowNs = Long.MAX_VALUE - SECOND / 2;

    private final EventLimit limit = new EventLimit(3, () -> nowNs);

    private void assertPasses(int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(limit.passes());
        }
        assertFalse(limit.passes());
    }

    @Test
    void soManyPassAtOnceAndThenNoneForASecond() {
        assertPasses(3);
        nowNs += SECOND - 1;
        assertFalse(limit.passes());
        nowNs++;
        assertPasses(3);
    }

    @Test
    void theNextOneTellsOnceHowManyWereLeftOut() {
        assertPasses(3);
        assertEquals("; 1 events before it were left out", limit.told());
        assertEquals("", limit.told());
        assertFalse(limit.passes());
        assertFalse(limit.passes());
        nowNs += SECOND;
        assertTrue(limit.passes());
        assertEquals("; 2 events before it were left out", limit.told());
    }

    @Test
    void noSecondHasMore() {
        var random = new Random(1);
        List<Long> passed = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            nowNs += random.nextLong(SECOND / 2);
            if (limit.passes()) {
                passed.add(nowNs);
            }
        }
        assertTrue(passed.size() > 1_000);
        for (int i = 3; i < passed.size(); i++) {
            assertTrue(passed.get(i) - passed.get(i - 3) >= SECOND);
        }
    }
}
