package io.clocktower.device;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.HostLimits;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** Devices that connect to front-ends which listen. */
class ConnectingIT {

    private static final byte[] REQUEST = ofClock(READ, 0);
    /** A connection that was as long as this is followed by the next one at once. */
    private static final long GOOD_NS = TimeUnit.SECONDS.toNanos(1);

    private final LogCounter log = new LogCounter();
    private Devices devices;
    private Path socket;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
        socket = devices.socket("vm0");
    }

    @AfterEach
    void stop() throws Exception {
        Files.deleteIfExists(socket);
        devices.close();
        log.close();
    }

    private DeviceSpec spec(String name, DeviceMode mode) {
        return new DeviceSpec(name, socket, mode, ClockSpec.DEFAULTS, Optional.empty(), Devices.POLL_WINDOW,
                DeviceFeatures.ALL, Map.of());
    }

    private AFUNIXServerSocket listen() throws Exception {
        AFUNIXServerSocket listening = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket));
        listening.setSoTimeout(60_000);
        return listening;
    }

    private static void assertServed(AFUNIXServerSocket listening) throws Exception {
        try (var guest = new Guest(FrontEnd.accept(listening))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    @Test
    void aDeviceConnectsAsSoonAsItsFrontEndListens() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        DeviceStatus status = devices.await("vm0", now -> now.reason().isPresent());
        assertEquals(DeviceState.CONNECTING, status.state());
        assertTrue(status.reason().get().startsWith("cannot connect to " + socket + ": connect: No such file"),
                status.reason()::get);
        assertEquals(Map.of(), devices.host().failures(), "a VM that does not run yet is no failure of the host");
        try (AFUNIXServerSocket listening = listen()) {
            try (var guest = new Guest(FrontEnd.accept(listening))) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                DeviceStatus running = devices.status("vm0");
                assertEquals(DeviceState.RUNNING, running.state());
                assertEquals(Optional.empty(), running.reason());
            }
        }
        log.await(1, line -> line.startsWith("vm0: cannot connect to ") && line.endsWith("trying again"));
    }

    @Test
    void theNextFrontEndIsConnectedToWhenOneHasGone() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        try (AFUNIXServerSocket listening = listen()) {
            for (int i = 0; i < 3; i++) {
                assertServed(listening);
            }
        }
    }

    @Test
    void aConnectionThatWasGoodStartsThePausesFromTheBeginning() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        try (AFUNIXServerSocket listening = listen()) {
            for (int i = 0; i < 4; i++) {
                FrontEnd.accept(listening).close();
            }
            try (var guest = new Guest(FrontEnd.accept(listening))) {
                long endNs = System.nanoTime() + GOOD_NS + GOOD_NS / 10;
                while (System.nanoTime() < endNs) {
                    assertEquals(OK, guest.request(REQUEST, 16).status());
                }
            }
            FrontEnd.accept(listening).close();
        }
        devices.await("vm0", status -> status.reason().isPresent());
    }

    @Test
    void aFrontEndThatClosesAtOnceIsNotConnectedToWithoutPauses() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        try (AFUNIXServerSocket listening = listen()) {
            FrontEnd.accept(listening).close();
            long startNs = System.nanoTime();
            for (int i = 0; i < 4; i++) {
                FrontEnd.accept(listening).close();
            }
            // Half of 100, 200, 400 and 800 ms at the least, less what the first connection may have been late.
            assertTrue(System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(650));
        }
    }

    @Test
    void aSocketBelongsToOneDevice() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        for (DeviceMode mode : DeviceMode.values()) {
            DeviceException refused = assertThrows(DeviceException.class, () -> devices.create(spec("vm1", mode)));
            assertTrue(refused.getMessage().contains(socket + " is also the socket of device vm0"),
                    refused::getMessage);
        }
    }

    @Test
    void aRemovedDeviceConnectsNoMoreAndLeavesTheFrontEndsFile() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        try (AFUNIXServerSocket listening = listen()) {
            try (FrontEnd frontEnd = FrontEnd.accept(listening)) {
                devices.host().remove("vm0", DeviceVersion.ANY, true);
                frontEnd.awaitClosed();
            }
            assertTrue(Files.exists(socket), "it is the front-end's");
            listening.setSoTimeout(300);
            assertThrows(SocketTimeoutException.class, listening::accept);
        }
    }

    @Test
    void aSuccessorGoesOnWithTheConnectionAndConnectsAfterIt() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        try (AFUNIXServerSocket listening = listen()) {
            try (var guest = new Guest(FrontEnd.accept(listening))) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                handOver();
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
            assertServed(listening);
        }
        devices.await("vm0", status -> status.reason().isPresent());
    }

    @Test
    void aSuccessorGoesOnToConnect() throws Exception {
        devices.create(spec("vm0", DeviceMode.CONNECT));
        devices.await("vm0", now -> now.reason().isPresent());
        handOver();
        try (AFUNIXServerSocket listening = listen()) {
            assertServed(listening);
        }
    }

    private void handOver() throws Exception {
        DeviceTransfer from = devices.host().transfer();
        List<DeviceSnapshot> snapshots = from.pause().stream().map(DeviceSnapshot::duplicate).toList();
        Devices next = devices.successor(HostLimits.ofKernel(false));
        DeviceTransfer to = next.host().transfer();
        to.resume(snapshots);
        from.abandon();
        to.proceed();
        devices.host().close();
        devices = next;
    }
}
