package io.clocktower.hosted;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.host.HostTimer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceTimerTest {

    private static final long NEVER = Long.MAX_VALUE;

    private final List<String> calls = new ArrayList<>();
    private long nsUntilChange = NEVER;
    private final DeviceTimer timer = new DeviceTimer(new HostTimer() {

        @Override
        public void setAfter(long delayNs) {
            calls.add("set " + delayNs);
        }

        @Override
        public void clear() {
            calls.add("clear");
        }

        @Override
        public void close() {
            calls.add("close");
        }
    }, () -> nsUntilChange);

    @Test
    void withoutFaultsItIsTheAlarms() {
        timer.setAfter(5);
        timer.setAfter(NEVER);
        timer.clear();
        timer.close();
        assertEquals(List.of("set 5", "set " + NEVER, "clear", "close"), calls);
    }

    @Test
    void itEndsWithWhatComesFirst() {
        nsUntilChange = 7;
        timer.setAfter(5);
        timer.setAfter(9);
        timer.setAfter(NEVER);
        assertEquals(List.of("set 5", "set 7", "set 7"), calls);
    }

    @Test
    void withoutAlarmsItWaitsForFaultsStill() {
        nsUntilChange = 7;
        timer.clear();
        assertEquals(List.of("set 7"), calls);
    }

    /** A change that is due already must not disarm it, as 0 would. */
    @Test
    void whatIsDueComesAtOnce() {
        nsUntilChange = -3;
        timer.clear();
        timer.setAfter(9);
        nsUntilChange = 0;
        timer.clear();
        assertEquals(List.of("set 1", "set 1", "set 1"), calls);
    }
}
