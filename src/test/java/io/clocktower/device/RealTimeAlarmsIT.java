package io.clocktower.device;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.host.SystemHostClock;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Alarms on the host's own clocks and the kernel's timers. How late they are is measured by a benchmark. */
class RealTimeAlarmsIT {

    private static final int ENABLED = 1;
    private static final List<ClockSpec> CLOCKS = List.of(
            new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.UTC_MAYBE_SMEARED, Smearing.UNSPECIFIED, true));

    @TempDir
    private Path directory;

    private DeviceHost host() throws DeviceException {
        LeapSeconds leapSeconds = LeapSeconds.builtIn();
        var host = new DeviceHost(new SystemHostClock(leapSeconds), leapSeconds, 1, false);
        host.configure(
                new DeviceSpec("vm0", directory.resolve("vm0.sock"), CLOCKS, Optional.empty(), Devices.POLL_WINDOW,
                        Map.of()),
                Optional.empty());
        return host;
    }

    /** "the device MUST, for all read requests ... after the notification, return a clock_reading which does not precede A". */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    @Proves({"rtc-alarm-07", "rtc-read-13"})
    void anAlarmOfEachClockComesAndNotBeforeItsTime(int clockId) throws Exception {
        try (var _ = host();
                var guest = new Guest(directory.resolve("vm0.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            for (long aheadNs : new long[]{1, 1_000_000, 150_000_000}) {
                alarmq.makeAvailable();
                long due = guest.request(ofClock(READ, clockId), 16).le64(8) + aheadNs;
                assertEquals(OK, guest.request(setAlarm(clockId, due, ENABLED), 8).status());
                assertEquals(clockId, alarmq.awaitNotification());
                assertTrue(guest.request(ofClock(READ, clockId), 16).le64(8) >= due);
            }
        }
    }

    @Test
    @Proves("rtc-alarm-control-06")
    void alarmsThatAreYearsAheadWaitWithoutHarm() throws Exception {
        try (var _ = host();
                var guest = new Guest(directory.resolve("vm0.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            for (long due : new long[]{-1L, Long.MAX_VALUE, Long.MIN_VALUE}) {
                for (int id = 0; id < CLOCKS.size(); id++) {
                    assertEquals(OK, guest.request(setAlarm(id, due, ENABLED), 8).status());
                }
            }
            alarmq.makeAvailable();
            long due = guest.request(ofClock(READ, 2), 16).le64(8) + 10_000_000;
            assertEquals(OK, guest.request(setAlarm(2, due, ENABLED), 8).status());
            assertEquals(2, alarmq.awaitNotification());
        }
    }
}
