package io.clocktower.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.clock.HostClock;
import org.junit.jupiter.api.Test;

class BatchClockTest {

    private static final long TAI_NS = 1_000_000;
    private static final long BOOTTIME_NS = 5_000;

    /** Every reading takes a nanosecond. */
    private static final class Host implements HostClock {

        private long nowNs;

        @Override
        public long taiNs() {
            return TAI_NS + nowNs++;
        }

        @Override
        public long realtimeNs() {
            return nowNs++;
        }

        @Override
        public long boottimeNs() {
            return BOOTTIME_NS + nowNs++;
        }
    }

    private final Host host = new Host();
    private final BatchClock clock = new BatchClock(host);

    @Test
    void aClockIsReadOnceABatch() {
        clock.begin();
        assertEquals(TAI_NS, clock.taiNs());
        assertEquals(TAI_NS, clock.taiNs());
        assertEquals(1, host.nowNs);
        host.nowNs = 100;
        clock.begin();
        assertEquals(100, host.nowNs, "not before it is needed");
        assertEquals(TAI_NS + 100, clock.taiNs());
    }

    @Test
    void clocksThatAreNeededTogetherAreOfOneMoment() {
        clock.begin();
        clock.boottimeNs();
        host.nowNs = 1_000_000;
        long apartNs = clock.taiNs() - TAI_NS - (clock.boottimeNs() - BOOTTIME_NS);
        assertEquals(0, apartNs, 3);
        assertEquals(1_000_000, clock.realtimeNs(), 5);
    }

    @Test
    void readingsOfABatchNeverGoBack() {
        clock.begin();
        long before = clock.taiNs();
        clock.realtimeNs();
        assertEquals(1, Long.signum(clock.taiNs() - before));
    }
}
