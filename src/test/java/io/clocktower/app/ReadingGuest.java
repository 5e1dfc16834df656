package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A guest that reads all the time, on a thread of its own, and sets an alarm now and then. */
final class ReadingGuest implements AutoCloseable {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final int MONOTONIC = 1;

    private final Guest guest;
    private final Alarmq alarmq;
    private final Thread thread;
    private volatile boolean isStopped;
    private volatile Throwable failure;
    private volatile long reads;
    private volatile long alarms;
    private volatile long longestNs;

    ReadingGuest(Path socket) throws Exception {
        guest = new Guest(socket, Guest.FEATURES | Alarmq.F_ALARM, 16, 0);
        alarmq = new Alarmq(guest);
        for (int i = 0; i < 8; i++) {
            alarmq.makeAvailable();
        }
        thread = Thread.ofPlatform().name("guest").start(this::run);
    }

    private void run() {
        try {
            long monotonicNs = 0;
            long setNs = System.nanoTime();
            boolean isSet = false;
            while (!isStopped) {
                Guest.Response response = timed(ofClock(READ, MONOTONIC), 16);
                assertTrue(Long.compareUnsigned(response.le64(8), monotonicNs) >= 0, "MONOTONIC went back");
                monotonicNs = response.le64(8);
                reads++;
                if (alarmq.hasNotification()) {
                    assertTrue(isSet, "an alarm came twice");
                    assertEquals(0, alarmq.awaitNotification());
                    isSet = false;
                    alarms++;
                    alarmq.makeAvailable();
                } else if (isSet) {
                    assertTrue(System.nanoTime() - setNs < PATIENCE_NS, "an alarm was missed");
                } else {
                    // Due in a moment, which may be during a hand-over.
                    long now = timed(ofClock(READ, 0), 16).le64(8);
                    timed(setAlarm(0, now + 50_000_000, 1), 8);
                    setNs = System.nanoTime();
                    isSet = true;
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    private Guest.Response timed(byte[] request, int responseBytes) {
        long startNs = System.nanoTime();
        Guest.Response response = guest.request(request, responseBytes);
        longestNs = Math.max(longestNs, System.nanoTime() - startNs);
        assertEquals(OK, response.status());
        return response;
    }

    /** How many alarms came. */
    long alarms() {
        return alarms;
    }

    void awaitReads(long more) {
        long until = reads + more;
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (reads < until) {
            assertTrue(failure == null && System.nanoTime() < endNs,
                    "%d reads, then: %s".formatted(reads, failure));
            Thread.onSpinWait();
        }
    }

    /** The longest wait since this was last asked. */
    Duration longest() {
        Duration longest = Duration.ofNanos(longestNs);
        longestNs = 0;
        return longest;
    }

    @Override
    public void close() throws IOException {
        isStopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        alarmq.close();
        guest.close();
    }
}
