package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The service is killed at random points while a driver has requests in flight, and its connection is in the descriptor store:
 * no request is lost, and none answered twice, with both ring formats. {@code -Drestarts} says how often, {@code -Drestarts.seed} when.
 */
class KilledRingsIT {

    private static final int RESTARTS = Integer.getInteger("restarts", 2);
    private static final long SEED = Long.getLong("restarts.seed", System.nanoTime());
    private static final long LONGEST_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final int KILLED = 137;

    @TempDir
    private Path directory;
    private FakeServiceManager manager;
    private PackagedApplication service;

    @BeforeEach
    void start() throws Exception {
        manager = new FakeServiceManager(directory);
        service = manager.start(properties());
        service.awaitReady();
    }

    @AfterEach
    void stop() throws Exception {
        service.close();
        manager.close();
    }

    private Map<String, String> properties() {
        return Map.of("clocktower.socket-dir", directory.resolve("run").toString(),
                "clocktower.devices.vm0.socket", socket().toString());
    }

    private Path socket() {
        return directory.resolve("run").resolve("vm0.sock");
    }

    private void killAndStart() throws Exception {
        service.signal("KILL");
        assertEquals(KILLED, service.awaitEnd().status());
        service.close();
        service = manager.start(properties());
        service.awaitReady();
    }

    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, Guest.FEATURES | FrontEnd.RING_PACKED,
            FrontEnd.VERSION_1 | FrontEnd.RING_PACKED})
    void noRequestIsLostOrAnsweredTwice(long features) throws Exception {
        System.out.println("seed " + SEED);
        var random = new Random(SEED);
        try (var guest = new Guest(socket(), features, 16, 0)) {
            manager.awaitKept("connection-vm0", service);
            try (var driver = new InFlight(guest, SEED)) {
                for (int i = 0; i < RESTARTS; i++) {
                    LockSupport.parkNanos(random.nextLong(LONGEST_NS));
                    killAndStart();
                    driver.awaitMore(1_000);
                    manager.awaitKept("connection-vm0", service);
                }
                System.out.printf("%d kills, %d requests%n", RESTARTS, driver.answered());
            }
        }
    }

    /** The process ended when it had taken the first kick, and not acted on it. */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, FrontEnd.VERSION_1 | FrontEnd.RING_PACKED})
    void aRequestWhoseKickWasTakenIsAnswered(long features) throws Exception {
        try (var guest = new Guest(socket(), features, 16, 0)) {
            manager.awaitKept("connection-vm0", service);
            Guest.Offer offer = guest.offer(Requests.ofClock(Requests.READ, 0), new byte[16]);
            killAndStart();
            long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
            while (!guest.ring().hasUsed()) {
                assertTrue(System.nanoTime() < endNs, "it is not answered");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            assertEquals(offer.id(), guest.ring().takeUsed().id());
        }
    }
}
