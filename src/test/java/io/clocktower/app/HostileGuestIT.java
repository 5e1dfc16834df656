package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.PartedGuest;
import io.clocktower.frontend.PartedGuest.Part;
import io.clocktower.frontend.SplitDriver.Piece;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hostile guest or front-end ends neither the packaged application nor the service of another device. What each attack does
 * to its own device is tested in the process of the tests; here it is the delivered program that must survive.
 */
class HostileGuestIT {

    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final int RANDOM_ROUNDS = 300;

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static Guest bystander;

    @BeforeAll
    static void start() throws Exception {
        application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.toString(), "clocktower.shutdown-grace", "0s",
                        "clocktower.devices.abused.poll-window", "0s", "clocktower.devices.other.poll-window",
                        "0s"));
        bystander = new Guest(directory.resolve("other.sock"));
    }

    @AfterAll
    static void stop() throws Exception {
        bystander.close();
        application.close();
    }

    private static Path abused() {
        return directory.resolve("abused.sock");
    }

    @AfterEach
    void bothDevicesServeOn() throws Exception {
        assertEquals(OK, bystander.request(REQUEST, 16).status());
        application.await("api/v1/devices/abused", device -> device.path("state").asText().equals("waiting"));
        try (var guest = new Guest(abused())) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
        application.await("api/v1/devices/abused", device -> device.path("state").asText().equals("waiting"));
        assertTrue(application.isRunning());
    }

    /** Whichever part goes, before the first request and after many; each time the ring breaks, and counts one error. */
    @ParameterizedTest
    @EnumSource
    void memoryThatIsTruncatedBreaksTheRing(Part part) throws Exception {
        for (int requests : new int[]{0, 1, 20, 3_000}) {
            int errors = ringErrors();
            try (var guest = new PartedGuest(abused())) {
                for (int i = 0; i < requests; i++) {
                    guest.publish(REQUEST, 16);
                    guest.kick();
                    guest.awaitUsed();
                }
                // The loop has looked at the ring for the last time, and sleeps until the kick.
                ringErrors();
                guest.publish(REQUEST, 16);
                guest.truncate(part);
                guest.kick();
                assertEquals(OK, bystander.request(REQUEST, 16).status());
                guest.awaitBroken();
            }
            application.await("api/v1/devices/abused", device -> device.path("state").asText().equals("waiting"));
            assertEquals(errors + 1, ringErrors());
        }
    }

    private static int ringErrors() {
        return application.get("api/v1/devices/abused").at("/counters/ringErrors").asInt();
    }

    @Test
    void memoryThatIsTruncatedBeforeTheRingStartsBreaksIt() throws Exception {
        for (Part part : new Part[]{Part.AVAILABLE_RING, Part.USED_RING}) {
            try (var guest = new PartedGuest(new FrontEnd(abused()))) {
                guest.setAddresses();
                guest.truncate(part);
                guest.start();
                guest.kick();
                guest.awaitBroken();
            }
        }
    }

    /** The memory that took the place of what is gone belongs to one mapping, and goes with it. */
    @Test
    void manyTruncationsLeaveNothingBehind() throws Exception {
        truncate();
        int before = mappings();
        for (int i = 0; i < 50; i++) {
            truncate();
        }
        assertTrue(mappings() <= before + 20, before + " mappings became " + mappings());
    }

    private static void truncate() throws Exception {
        try (var guest = new PartedGuest(abused())) {
            ringErrors();
            guest.publish(REQUEST, 16);
            guest.truncate(Part.RESPONSE);
            guest.truncate(Part.USED_RING);
            guest.kick();
            guest.awaitBroken();
        }
        application.await("api/v1/devices/abused", device -> device.path("state").asText().equals("waiting"));
    }

    private static int mappings() throws Exception {
        return Processes.mappings(application.pid());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomDescriptorsAreAnsweredOrBreakTheRing(long seed) throws Exception {
        var random = new Random(seed);
        for (int round = 0; round < RANDOM_ROUNDS / 10; round++) {
            try (var guest = new Guest(abused())) {
                for (int i = 0; i < 10; i++) {
                    guest.requestq().publish(guest.requestq().chain(List.of(
                            Piece.readable(address(random, guest), 1 + random.nextInt(64)),
                            Piece.writable(address(random, guest), 1 + random.nextInt(64)))));
                }
                guest.requestq().publish(random.nextInt(1 << 16));
                guest.kick();
                assertEquals(OK, bystander.request(REQUEST, 16).status());
            }
            application.await("api/v1/devices/abused", device -> device.path("state").asText().equals("waiting"));
        }
    }

    private static long address(Random random, Guest guest) {
        return random.nextBoolean() ? random.nextLong() : guest.memory().guestAddress() + random.nextInt(1 << 16);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void randomMessagesEndNoMoreThanTheirConnection(long seed) throws Exception {
        var random = new Random(seed);
        for (int round = 0; round < RANDOM_ROUNDS; round++) {
            byte[] payload = new byte[random.nextInt(64)];
            random.nextBytes(payload);
            try (var frontEnd = new FrontEnd(abused())) {
                frontEnd.send(random.nextInt(48), random.nextBoolean() ? FrontEnd.VERSION : random.nextInt(), payload);
            } catch (java.io.IOException closed) {
                // Another one is still being closed, or this one was refused at once: both are fine.
            }
        }
        assertEquals(OK, bystander.request(REQUEST, 16).status());
    }
}
