package io.clocktower.device;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Guest;
import io.clocktower.status.DeviceState;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Socket files that somebody deletes or replaces under a device. */
class SocketWatchIT {

    private final LogCounter log = new LogCounter();
    private Devices devices;
    private Path socket;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0", "vm1");
        socket = devices.socket("vm0");
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
        log.close();
    }

    private static void await(String what, BooleanSupplier condition) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < endNs, what);
            Thread.onSpinWait();
        }
    }

    private void assertServes() throws Exception {
        try (var guest = new Guest(socket)) {
            assertEquals(0, guest.request(ofClock(READ, 0), 16).status());
        }
    }

    @Test
    void aSocketFileThatIsDeletedIsMadeAgainAndLogged() throws Exception {
        try (var guest = new Guest(socket)) {
            Files.delete(socket);
            log.await(1, line -> line.startsWith("vm0: ") && line.contains("created again"));
            assertEquals(0, guest.request(ofClock(READ, 0), 16).status(), "who is connected stays so");
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        assertServes();
    }

    @Test
    void aDeviceWhoseSocketCannotBeMadeAgainIsFailedAndRecovers() throws Exception {
        Files.delete(socket);
        Files.writeString(socket, "of somebody else");
        await("it is not noticed", () -> devices.host().failures().keySet().equals(Set.of("vm0")));
        assertEquals(DeviceState.FAILED, devices.status("vm0").state());
        assertEquals(DeviceState.WAITING, devices.status("vm1").state());
        log.await(1, line -> line.startsWith("vm0: ") && line.contains("is not a socket"));
        assertEquals("of somebody else", Files.readString(socket));

        Files.delete(socket);
        await("it does not recover", () -> devices.host().failures().isEmpty());
        assertServes();
    }

    @Test
    void aDrainDeletesTheFilesForGood() throws Exception {
        try (var guest = new Guest(socket)) {
            Thread draining = Thread.ofVirtual().start(() -> devices.host().drain(Duration.ofSeconds(3)));
            await("it stays", () -> !Files.exists(socket, LinkOption.NOFOLLOW_LINKS));
            draining.join();
            assertEquals(0, guest.request(ofClock(READ, 0), 16).status());
            assertTrue(!Files.exists(socket, LinkOption.NOFOLLOW_LINKS), "it was made again");
        }
    }
}
