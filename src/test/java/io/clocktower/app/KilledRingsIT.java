package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
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

    @RegisterExtension
    private final ManagedService managed = new ManagedService();

    @BeforeEach
    void start() throws Exception {
        managed.start(managed.properties("vm0"));
    }

    private void awaitKept() throws Exception {
        managed.manager().awaitKept("connection-vm0", managed.service());
    }

    private void killAndStart() throws Exception {
        managed.restart("KILL", managed.properties("vm0"));
    }

    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, Guest.FEATURES | FrontEnd.RING_PACKED,
            FrontEnd.VERSION_1 | FrontEnd.RING_PACKED})
    void noRequestIsLostOrAnsweredTwice(long features) throws Exception {
        System.out.println("seed " + SEED);
        var random = new Random(SEED);
        try (var guest = new Guest(managed.socket("vm0"), features, 16, 0)) {
            awaitKept();
            try (var driver = new InFlight(guest, SEED)) {
                for (int i = 0; i < RESTARTS; i++) {
                    LockSupport.parkNanos(random.nextLong(LONGEST_NS));
                    killAndStart();
                    driver.awaitMore(1_000);
                    awaitKept();
                }
                System.out.printf("%d kills, %d requests%n", RESTARTS, driver.answered());
            }
        }
    }

    /** The process ended when it had taken the first kick, and not acted on it. */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, FrontEnd.VERSION_1 | FrontEnd.RING_PACKED})
    void aRequestWhoseKickWasTakenIsAnswered(long features) throws Exception {
        try (var guest = new Guest(managed.socket("vm0"), features, 16, 0)) {
            awaitKept();
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
