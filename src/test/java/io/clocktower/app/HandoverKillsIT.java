package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Either side of a hand-over is killed at a random point: one of the two serves. */
class HandoverKillsIT {

    /** How many kills; {@code -Dkills=50} for a long run. */
    private static final int KILLS = Integer.getInteger("kills", 4);
    private static final long SEED = Long.getLong("kills.seed", System.nanoTime());
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(120);
    /** Longer than the start of a successor and the rest of a hand-over take on a quiet machine. */
    private static final long START_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long REST_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final byte[] REQUEST = ofClock(READ, 0);

    @TempDir
    private Path directory;
    private PackagedApplication service;
    private int runs;
    private int kept;
    private int lost;
    private int late;
    private int guests;

    private Map<String, String> properties() {
        return Map.of("clocktower.devices.vm0.socket", socket().toString(), "clocktower.state-dir",
                directory.resolve("state").toString(), "clocktower.shutdown-grace", "1s");
    }

    private Path socket() {
        return directory.resolve("vm0.sock");
    }

    /** The ring formats take turns. */
    private Guest guest() throws IOException {
        long format = guests++ % 2 == 0 ? FrontEnd.RING_PACKED : 0;
        return new Guest(socket(), Guest.FEATURES | format, 256, 0);
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    @Test
    void oneOfTheTwoServes() throws Exception {
        System.out.println("seed " + SEED);
        var random = new Random(SEED);
        service = PackagedApplication.start(directory, properties());
        var guest = guest();
        try {
            for (int i = 0; i < KILLS; i++) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                guest = killOne(guest, random, i % 2 == 0, i % 4 < 2);
            }
            assertEquals(OK, guest.request(REQUEST, 16).status());
        } finally {
            guest.close();
            System.out.printf("%d kills: %d with the connection kept, %d with a new one, %d after the hand-over%n",
                    KILLS, kept, lost, late);
        }
    }

    /** Kills one side, and answers the guest that is served then. */
    private Guest killOne(Guest guest, Random random, boolean isPredecessor, boolean isLate) throws Exception {
        PackagedApplication before = service;
        PackagedApplication next = PackagedApplication.handover(before, directory.resolve("run-" + runs++ + ".log"),
                properties());
        if (isLate) {
            await(() -> next.log().contains("Listening on:"));
        }
        LockSupport.parkNanos(random.nextLong(isLate ? REST_NS : START_NS));
        return isPredecessor ? afterPredecessor(guest, before, next) : afterSuccessor(guest, before, next);
    }

    private Guest afterPredecessor(Guest guest, PackagedApplication before, PackagedApplication next) throws Exception {
        service = next;
        boolean wasRunning = before.isRunning();
        before.kill();
        if (!wasRunning) {
            late++;
        }
        next.awaitReady();
        String state = next.await("api/v1/devices/vm0", device -> true).get("state").asText();
        if (state.equals("waiting")) {
            guest.close();
            lost++;
            return guest();
        }
        kept++;
        return guest;
    }

    /** The predecessor goes on with its guest, unless all was handed over before. */
    private Guest afterSuccessor(Guest guest, PackagedApplication before, PackagedApplication next) throws Exception {
        next.kill();
        Guest.Offer offer = guest.offer(REQUEST, new byte[16]);
        guest.kick();
        await(() -> guest.ring().hasUsed() || before.log().contains("; this one ends"));
        if (!before.log().contains("; this one ends")) {
            assertEquals(offer.id(), guest.awaitUsed().id());
            before.awaitReady();
            kept++;
            return guest;
        }
        late++;
        assertEquals(0, before.awaitEnd().status());
        guest.close();
        service = PackagedApplication.start(directory, properties());
        return guest();
    }

    private static void await(BooleanSupplier condition) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < endNs, "it takes too long");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }
}
