package io.clocktower.benchmark;

import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.SystemClock;
import io.clocktower.linux.TimerFd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How late an alarm of the packaged application is that was set 200 ms ahead, from its time to the driver's waking, against
 * a bare timerfd with one thread in the same run. One and the other take turns. An alarm that comes before its time ends the run.
 */
public final class AlarmLatency {

    private static final long AHEAD_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final int ALARMS = 200;
    private static final int CLOCK = 0;
    private static final int ENABLED = 1;

    private AlarmLatency() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-benchmark");
        Path socket = directory.resolve("vm0.sock");
        long[] alarms = new long[ALARMS];
        long[] timers = new long[ALARMS];
        try (var _ = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.shutdown-grace", "0s", "clocktower.devices.vm0.labels.role", "guest"));
                var guest = new Guest(socket, Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest);
                var timer = new TimerFd();
                var epoll = new Epoll(1)) {
            epoll.add(timer.number(), Epoll.EPOLLIN, 0);
            for (int i = 0; i < ALARMS; i++) {
                alarms[i] = alarmLateness(guest, alarmq);
                timers[i] = timerLateness(timer, epoll);
            }
        } finally {
            Directories.remove(directory);
        }
        System.out.printf("| %d times, 200 ms ahead | median | p99 | latest |%n|---|---|---|---|%n", ALARMS);
        report("bare timerfd", timers);
        report("alarm", alarms);
    }

    private static long alarmLateness(Guest guest, Alarmq alarmq) {
        alarmq.makeAvailable();
        long due = guest.request(ofClock(Requests.READ, CLOCK), 16).le64(8) + AHEAD_NS;
        guest.request(setAlarm(CLOCK, due, ENABLED), 8);
        alarmq.awaitNotification();
        long lateNs = SystemClock.REALTIME.readNs() - due;
        if (lateNs < 0) {
            throw new AssertionError("an alarm came " + -lateNs + " ns before its time");
        }
        return lateNs;
    }

    private static long timerLateness(TimerFd timer, Epoll epoll) {
        long due = SystemClock.REALTIME.readNs() + AHEAD_NS;
        timer.set(due);
        while (epoll.await(-1) == 0) {
            // A signal ended the wait.
        }
        long lateNs = SystemClock.REALTIME.readNs() - due;
        timer.acknowledge();
        return lateNs;
    }

    private static void report(String name, long[] ns) {
        Arrays.sort(ns);
        System.out.printf("| %-12s | %.0f us | %.0f us | %.0f us |%n", name, ns[ALARMS / 2] / 1e3,
                ns[ALARMS * 99 / 100] / 1e3, ns[ALARMS - 1] / 1e3);
    }
}
