package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.PackagedApplication.End;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service is replaced by another process while a guest reads: {@code docs/handover.md}. */
class HandoverIT {

    /** How many hand-overs in a row; {@code -Dhandovers=100} for a long run. */
    private static final int HANDOVERS = Integer.getInteger("handovers", 3);
    private static final int LONG_RUN = 100;
    /** How long a read may take; in a long run only, which is made on a quiet machine. */
    private static final long LONGEST_MS = Long.getLong("handovers.longest-ms",
            HANDOVERS >= LONG_RUN ? 250 : Long.MAX_VALUE);

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

    @Test
    void aGuestReadsAndSetsAlarmsOverManyHandovers() throws Exception {
        service = PackagedApplication.start(directory, properties());
        service.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"-PT5M\",\"reason\":\"a test\"}");
        String version = service.send("api/v1/devices/vm0").headers().firstValue("ETag").orElseThrow();
        try (var reader = new ReadingGuest(socket())) {
            reader.awaitReads(100);
            List<Long> longest = new ArrayList<>();
            for (int i = 0; i < HANDOVERS; i++) {
                reader.longest();
                PackagedApplication next = successor();
                End end = service.awaitEnd();
                service = next;
                next.awaitReady();
                assertEquals(0, end.status(), end.output() + next.log());
                reader.awaitReads(50);
                longest.add(reader.longest().toMillis());
                next.log().lines().filter(line -> line.contains("hand-over: took"))
                        .forEach(line -> System.out.println("longest read " + longest.getLast() + " ms" + line));
            }
            assertEquals(version, service.send("api/v1/devices/vm0").headers().firstValue("ETag").orElseThrow());
            long before = service.get("api/v1/devices/vm0").at("/clocks/1/reads").asLong();
            longest.sort(null);
            System.out.printf("%d hand-overs: longest read %d ms, median %d ms; %d reads, %d alarms%n", HANDOVERS,
                    longest.getLast(), longest.get(HANDOVERS / 2), before, reader.alarms());
            assertTrue(reader.alarms() > 0);
            assertTrue(longest.getLast() <= LONGEST_MS, () -> "longest reads in ms: " + longest);
            reader.awaitReads(1);
            assertTrue(before >= 100, () -> before + " reads");
        }
    }
}
