package io.clocktower.status;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecentReadsTest {

    private final RecentReads reads = new RecentReads(2);

    private static long s(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void readingsCountForAMinute() {
        reads.add(1, 3, s(100));
        reads.add(1, 4, s(100) + 1);
        reads.add(1, 5, s(130));

        assertEquals(12, reads.count(1, s(130)));
        assertEquals(12, reads.count(1, s(159)));
        assertEquals(5, reads.count(1, s(160)));
        assertEquals(0, reads.count(1, s(190)));
        assertEquals(0, reads.count(0, s(130)));
    }

    @Test
    void aSecondIsUsedAgainAfterAMinute() {
        reads.add(0, 1_000_000, s(7));
        reads.add(0, 2, s(67));

        assertEquals(2, reads.count(0, s(67)));
    }

    @Test
    void aHostThatHasJustBootedHasNone() {
        assertEquals(0, reads.count(0, 5));
        reads.add(0, 1, 5);
        assertEquals(1, reads.count(0, s(3)));
    }
}
