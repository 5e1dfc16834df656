package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sockets of systemd's, by its own systemd-socket-activate: it listens, and starts the service at the first connection. */
class SocketActivationIT {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private Path directory;

    private Path socket() {
        return directory.resolve("vm0.sock");
    }

    private Map<String, String> properties() {
        return Map.of("clocktower.devices.vm0.socket", socket().toString(), "clocktower.shutdown-grace", "0s");
    }

    private List<String> systemd(String name) {
        return List.of("systemd-socket-activate", "-l", socket().toString(), "--fdname=" + name, "-E", "JAVA_HOME");
    }

    @Test
    void aFrontEndThatStartsTheServiceIsServed() throws Exception {
        try (var service = PackagedApplication.launch(systemd("vm0"), directory, properties())) {
            awaitSocket();
            try (var frontEnd = new FrontEnd(socket())) {
                service.awaitReady();
                assertEquals(2, frontEnd.askU64(FrontEnd.GET_QUEUE_NUM));
                service.await("api/v1/devices/vm0", status -> status.path("state").asText().equals("connected"));
            }
            service.await("api/v1/devices/vm0", status -> status.path("state").asText().equals("waiting"));
            try (var guest = new Guest(socket())) {
                assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            }
            service.signal("TERM");
            assertEquals(143, service.awaitEnd().status());
            assertTrue(Files.exists(socket()), "it is systemd's");
        }
    }

    @Test
    void aSocketThatIsNoDevicesIsSaid() throws Exception {
        Map<String, String> other = Map.of("clocktower.devices.vm0.socket", directory.resolve("other.sock").toString());
        try (var service = PackagedApplication.launch(systemd("strange"), directory, other)) {
            awaitSocket();
            try (var _ = new FrontEnd(socket())) {
                service.awaitReady();
            }
            assertTrue(service.log().contains("the socket strange of the service manager is no device's"),
                    service::log);
        }
    }

    private void awaitSocket() {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!Files.exists(socket())) {
            assertTrue(System.nanoTime() < endNs, "systemd-socket-activate does not listen");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }
}
