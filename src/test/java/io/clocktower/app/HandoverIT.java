package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service is replaced by another process while a guest reads: {@code docs/handover.md}. */
class HandoverIT {

    /** How many hand-overs in a row; {@code -Dhandovers=100} for a long run. */
    private static final int HANDOVERS = Integer.getInteger("handovers", 3);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final int MONOTONIC = 1;

    @TempDir
    private Path directory;
    private PackagedApplication service;
    private int logs;

    private Map<String, String> properties() {
        return Map.of("clocktower.devices.vm0.socket", socket().toString(),
                "clocktower.devices.vm0.clocks[0].type", "utc", "clocktower.devices.vm0.clocks[0].alarm", "true",
                "clocktower.devices.vm0.clocks[1].type", "monotonic",
                "clocktower.state-dir", directory.resolve("state").toString(), "clocktower.shutdown-grace", "1s");
    }

    private Path socket() {
        return directory.resolve("vm0.sock");
    }

    private PackagedApplication successor() {
        return PackagedApplication.handover(service, directory.resolve("successor-" + logs++ + ".log"), properties());
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    /** A guest that reads all the time, on a thread of its own, and sets an alarm now and then. */
    private static final class Reader implements AutoCloseable {

        private final Guest guest;
        private final Alarmq alarmq;
        private final Thread thread;
        private volatile boolean isStopped;
        private volatile Throwable failure;
        private volatile long reads;
        private volatile long alarms;
        private volatile long longestNs;

        Reader(Path socket) throws Exception {
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

    @Test
    void aGuestReadsAndSetsAlarmsOverManyHandovers() throws Exception {
        service = PackagedApplication.start(directory, properties());
        service.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"-PT5M\",\"reason\":\"a test\"}");
        String version = service.send("api/v1/devices/vm0").headers().firstValue("ETag").orElseThrow();
        try (var reader = new Reader(socket())) {
            reader.awaitReads(100);
            for (int i = 0; i < HANDOVERS; i++) {
                reader.longest();
                PackagedApplication next = successor();
                End end = service.awaitEnd();
                service = next;
                next.awaitReady();
                assertEquals(0, end.status(), end.output() + next.log());
                reader.awaitReads(50);
                System.out.println("hand-over " + i + ": longest read " + reader.longest() + next.log().lines()
                        .filter(line -> line.contains("hand-over: took")).findFirst().orElse(" ?"));
            }
            assertEquals(version, service.send("api/v1/devices/vm0").headers().firstValue("ETag").orElseThrow());
            long before = service.get("api/v1/devices/vm0").at("/clocks/1/reads").asLong();
            assertTrue(reader.alarms > 0);
            reader.awaitReads(1);
            assertTrue(before >= 100, () -> before + " reads");
        }
    }
}
