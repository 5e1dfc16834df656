package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.Inheriting.Passing;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.UnixSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** Devices that connect, and devices whose sockets the service inherits. */
class InheritedSocketsIT {

    private static final String DEVICE = "clocktower.devices.vm0.";
    private static final byte[] REQUEST = ofClock(READ, 0);

    @TempDir
    private Path directory;

    private Path socket() {
        return directory.resolve("run/vm0.sock");
    }

    private Map<String, String> properties(String... more) {
        Map<String, String> properties = new TreeMap<>(Map.of("clocktower.socket-dir",
                directory.resolve("run").toString(), "clocktower.shutdown-grace", "0s"));
        for (int i = 0; i < more.length; i += 2) {
            properties.put(DEVICE + more[i], more[i + 1]);
        }
        return properties;
    }

    private AFUNIXServerSocket listen() throws Exception {
        Files.createDirectories(socket().getParent());
        AFUNIXServerSocket listening = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket()));
        listening.setSoTimeout(60_000);
        return listening;
    }

    private static void assertServed(AFUNIXServerSocket listening) throws Exception {
        try (var guest = new Guest(FrontEnd.accept(listening))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    @Test
    void aDeviceThatIsMadeOverRestConnectsAlsoAfterARestart() throws Exception {
        Map<String, String> properties = properties("labels.a", "b");
        try (var service = PackagedApplication.start(directory, properties)) {
            assertEquals(201, post(service,
                    "{\"name\":\"vm1\",\"mode\":\"connect\",\"socket\":\"%s\"}".formatted(
                            directory.resolve("run/vm1.sock"))));
            assertConnects(service);
        }
        try (var service = PackagedApplication.start(directory, properties)) {
            assertConnects(service);
        }
    }

    private static int post(PackagedApplication service, String body) throws Exception {
        return status(HttpRequest.newBuilder(service.root().resolve("api/v1/devices"))
                .header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    private static int status(HttpRequest.Builder request) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request.build(), BodyHandlers.discarding()).statusCode();
        }
    }

    private void assertConnects(PackagedApplication service) throws Exception {
        var device = service.await("api/v1/devices/vm1", now -> now.hasNonNull("reason"));
        assertEquals("connect", device.path("mode").asText());
        assertEquals("connecting", device.path("state").asText());
        assertTrue(device.path("reason").asText().contains("cannot connect to"), device::toString);
        assertEquals(200, status(HttpRequest.newBuilder(service.root().resolve("q/health/ready"))));
        Path socket = directory.resolve("run/vm1.sock");
        try (AFUNIXServerSocket listening = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket))) {
            listening.setSoTimeout(60_000);
            assertServed(listening);
        }
        Files.deleteIfExists(socket);
    }

    @Test
    void anInheritedListeningSocketIsTheDevicesAndItsFileStays() throws Exception {
        Files.createDirectories(socket().getParent());
        try (Descriptor listening = UnixSocket.listen(socket());
                var passing = new Passing(directory.resolve("passing"));
                var service = PackagedApplication.launch(Inheriting.launcher(passing.path(), 1, ""), directory,
                        properties("socket-fd", "3"))) {
            passing.pass(List.of(listening));
            service.awaitReady();
            try (var guest = new Guest(socket())) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
            service.signal("TERM");
            assertEquals(143, service.awaitEnd().status());
            assertTrue(Files.exists(socket()), "it is not the service's");
        }
    }

    @Test
    void anInheritedConnectionIsServedAndThenTheDeviceConnects() throws Exception {
        try (AFUNIXServerSocket listening = listen();
                var passing = new Passing(directory.resolve("passing"));
                var service = PackagedApplication.launch(Inheriting.launcher(passing.path(), 1, "vm0"), directory,
                        properties("mode", "connect"))) {
            Descriptor connection = UnixSocket.connect(socket());
            passing.pass(List.of(connection));
            connection.close();
            service.awaitReady();
            assertServed(listening);
            assertServed(listening);
        }
    }

    @Test
    void aDescriptorThatDoesNotFitTheModeKeepsTheServiceFromStarting() throws Exception {
        Files.createDirectories(socket().getParent());
        try (Descriptor listening = UnixSocket.listen(socket())) {
            assertRefused(listening, properties("socket-fd", "3", "mode", "connect"),
                    "clocktower.devices.vm0.socket: the inherited descriptor 3 is not a connection");
            assertRefused(listening, properties("socket-fd", "3", "socket", "/run/other.sock"),
                    "the inherited descriptor 3 listens at " + socket() + ", expected /run/other.sock");
        }
        assertRefused(UnixSocket.pair().getFirst(), properties("socket-fd", "3"),
                "the inherited descriptor 3 listens at no path, expected " + socket());
    }

    private void assertRefused(Descriptor descriptor, Map<String, String> properties, String reason)
            throws Exception {
        try (var passing = new Passing(directory.resolve("passing"));
                var service = PackagedApplication.launch(Inheriting.launcher(passing.path(), 1, ""), directory,
                        properties)) {
            passing.pass(List.of(descriptor));
            PackagedApplication.End end = service.awaitEnd();
            assertEquals(1, end.status());
            assertTrue(end.output().contains(reason), end::output);
        }
    }

    /** The file of a socket that was passed to the first process outlives a process that took over from it. */
    @Test
    void aSuccessorLeavesTheFileOfAPassedSocket() throws Exception {
        Files.createDirectories(socket().getParent());
        try (Descriptor listening = UnixSocket.listen(socket());
                var passing = new Passing(directory.resolve("passing"));
                var service = PackagedApplication.launch(Inheriting.launcher(passing.path(), 1, "vm0"), directory,
                        properties("labels.a", "b"))) {
            passing.pass(List.of(listening));
            service.awaitReady();
            try (var next = PackagedApplication.handover(service, directory.resolve("next.log"),
                    properties("labels.a", "b"))) {
                assertEquals(0, service.awaitEnd().status());
                next.awaitReady();
                try (var guest = new Guest(socket())) {
                    assertEquals(OK, guest.request(REQUEST, 16).status());
                }
                next.signal("TERM");
                assertEquals(143, next.awaitEnd().status());
            }
            assertTrue(Files.exists(socket()), "it is not the service's");
        }
    }
}
