package io.clocktower.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.ManualHostClock;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeviceCountersTest {

    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ManualHostClock host = new ManualHostClock();
    private final DeviceCounters counters = new DeviceCounters(host, 2);
    private long nowNs;

    private void advance(long ns) {
        nowNs += ns;
        host.advance(ns);
    }

    @Test
    void aClockThatWasNeverReadHasNoLastReading() {
        assertEquals(OptionalLong.empty(), counters.lastReadNs(0));
        assertEquals(OptionalLong.empty(), counters.lastReadAgeNs(0));
        assertEquals(0, counters.readsLastMinute(0));
    }

    @Test
    void theLastReadingIsKnownToAMillisecondHoweverQuicklyReadingsFollow() {
        counters.onReads(0, 1, nowNs);
        assertEquals(OptionalLong.of(ManualHostClock.UTC_NS), counters.lastReadNs(0));
        for (int i = 0; i < 100_000; i++) {
            advance(MS / 100);
            counters.onReads(0, 3, nowNs);
            long ageNs = counters.lastReadAgeNs(0).orElseThrow();
            assertTrue(ageNs >= 0 && ageNs < MS, ageNs + " ns");
            assertEquals(host.realtimeNs() - ageNs, counters.lastReadNs(0).orElseThrow());
        }
        assertEquals(300_001, counters.reads(0));
        assertEquals(300_001, counters.readsLastMinute(0));
    }

    @Test
    void eachClockHasATimeOfItsOwn() {
        counters.onReads(0, 1, nowNs);
        advance(MS / 2);
        counters.onReads(1, 1, nowNs);
        assertEquals(OptionalLong.of(MS / 2), counters.lastReadAgeNs(0));
        assertEquals(OptionalLong.of(0), counters.lastReadAgeNs(1));
    }

    @Test
    void aReadingAfterAMillisecondHasItsOwnTime() {
        counters.onReads(0, 1, nowNs);
        advance(MS);
        counters.onReads(0, 1, nowNs);
        assertEquals(OptionalLong.of(0), counters.lastReadAgeNs(0));
    }
}
