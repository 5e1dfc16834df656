package io.clocktower.event;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.device.LogCounter;
import io.clocktower.event.DeviceLog.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeviceLogTest {

    private static final long PID = 7;

    private final LogCounter lines = new LogCounter();
    private long nowNs;
    private final DeviceLog log = new DeviceLog("vm0", () -> nowNs, Runnable::run);

    @AfterEach
    void close() {
        lines.close();
    }

    private void write(int times, Kind kind, long pid) {
        for (int i = 0; i < times; i++) {
            log.write(kind, pid, kind.name());
        }
    }

    private void assertLines(long count) {
        assertEquals(count, lines.count(line -> line.startsWith("vm0: ")));
    }

    @Test
    void aBurstIsWrittenAndThenAFewLinesAMinute() {
        write(1000, Kind.CONNECTED, PID);
        assertLines(DeviceLog.BURST);
        for (int i = 0; i < 60; i++) {
            nowNs += 1_000_000_000;
            write(100, Kind.CONNECTED, PID);
        }
        assertLines(DeviceLog.BURST + 4);
    }

    @Test
    void whatWasLeftOutIsSaidInTheNextLine() {
        write(DeviceLog.BURST + 5, Kind.CONNECTED, PID);
        nowNs += DeviceLog.INTERVAL_NS;
        write(1, Kind.CONNECTED, PID);
        assertEquals(1, lines.count(line -> line.equals("vm0: CONNECTED (and 5 more like it before)")));
        nowNs += DeviceLog.INTERVAL_NS;
        write(1, Kind.CONNECTED, PID);
        assertEquals(1, lines.count(line -> line.contains("before")), "it is said once");
    }

    @Test
    void noKindKeepsAnotherFromTheLog() {
        write(1000, Kind.CONNECTED, PID);
        write(1, Kind.PROTOCOL_ERROR, PID);
        assertEquals(1, lines.count(line -> line.equals("vm0: PROTOCOL_ERROR")));
    }

    @Test
    void noFrontEndKeepsTheFirstErrorOfTheNextFromTheLog() {
        write(1000, Kind.PROTOCOL_ERROR, PID);
        write(1000, Kind.PROTOCOL_ERROR, PID + 1);
        assertLines(DeviceLog.BURST + 1);
    }

    @Test
    void frontEndsThatTakeTurnsAreNoFloodEither() {
        for (int i = 1; i <= 1000; i++) {
            write(1, Kind.PROTOCOL_ERROR, i);
        }
        assertLines(30);
    }

    @Test
    void afterALongRestABurstIsWrittenAgain() {
        write(1000, Kind.RING_ERROR, PID);
        nowNs += 100 * DeviceLog.INTERVAL_NS;
        write(1000, Kind.RING_ERROR, PID);
        assertLines(2 * DeviceLog.BURST);
    }
}
