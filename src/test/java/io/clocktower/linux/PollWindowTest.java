package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PollWindowTest {

    private static final long BOUND_NS = 200_000;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private long nowNs = 5;
    private final PollWindow window = new PollWindow(nowNs);

    private long requestAfter(long gapNs) {
        nowNs += gapNs;
        return window.onRequest(nowNs, BOUND_NS);
    }

    private long requestsAfter(long gapNs, int count) {
        long last = 0;
        for (int i = 0; i < count; i++) {
            last = requestAfter(gapNs);
        }
        return last;
    }

    @Test
    void aFirstRequestIsNotFollowedByLooks() {
        assertEquals(0, requestAfter(SECOND_NS));
    }

    @Test
    void itGrowsUntilItCatchesRequestsAndNoFurther() {
        requestAfter(SECOND_NS);
        assertEquals(PollWindow.LEAST_NS, requestAfter(30_000));
        long grown = requestsAfter(30_000, 20);
        assertTrue(grown >= 30_000 && grown <= 4 * 30_000, Long.toString(grown));
    }

    @Test
    void itNeverPassesItsBound() {
        assertEquals(BOUND_NS, requestsAfter(BOUND_NS, 20));
    }

    @Test
    void itShrinksToNothingWhereNothingIsCaught() {
        requestsAfter(BOUND_NS, 20);
        long longest = BOUND_NS;
        for (int i = 0; i < 4; i++) {
            long next = requestAfter(BOUND_NS + 1);
            assertTrue(next < longest || next == 0, "shrinks");
            longest = next;
        }
        assertEquals(0, longest);
    }

    @Test
    void aBoundOfNothingIsNoWindow() {
        requestsAfter(10_000, 20);
        assertEquals(0, window.onRequest(nowNs, 0));
        assertEquals(5_000, window.onRequest(nowNs + 5_000, 5_000), "nor is a short one passed");
    }

    /** Another thread had the processor: it wants it. */
    @Test
    void whereOthersWantTheProcessorItIsLeftToThemForTenTimesAsLong() {
        requestsAfter(10_000, 20);
        assertTrue(window.onLook(nowNs, PollWindow.AWAY_NS));
        long awayNs = 2_000_000;
        assertFalse(window.onLook(nowNs, awayNs));
        assertEquals(0, requestAfter(10_000));
        long leftNs = PollWindow.PATIENCE * awayNs - 10_000;
        assertEquals(0, window.onRequest(nowNs + leftNs - 1, BOUND_NS));
        assertTrue(window.onRequest(nowNs + leftNs, BOUND_NS) > 0);
    }

    @Test
    void nothingIsLookedAtWhileItIsNotAllowed() {
        requestsAfter(10_000, 20);
        window.allow(false);
        assertEquals(0, requestAfter(10_000));
        assertFalse(window.onLook(nowNs, 1));
        window.allow(true);
        assertTrue(requestAfter(10_000) > 0);
    }
}
