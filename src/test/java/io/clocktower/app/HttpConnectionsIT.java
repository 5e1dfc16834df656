package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that open connections and send nothing, or too slowly, leave room for others and for virtual machines. */
class HttpConnectionsIT {

    private static final String HEAD = "GET /q/health/live HTTP/1.1\r\nHost: localhost\r\n";
    private static final int OPEN_FILES = 1_500;
    private static final int FLOOD = 2_500;

    @TempDir
    private Path directory;
    private final List<Socket> sockets = new ArrayList<>();
    private PackagedApplication application;

    private void start(Map<String, String> properties) {
        var all = new java.util.HashMap<>(properties);
        all.put("clocktower.socket-dir", directory.resolve("run").toString());
        application = PackagedApplication.start(directory, all);
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        assertFalse(application.log().contains(" ERROR "), application::log);
        application.close();
    }

    private Socket open(String beginning) throws IOException {
        Socket socket = new RawHttp(application.root()).open(beginning);
        sockets.add(socket);
        return socket;
    }

    private long stillOpen() throws IOException {
        long open = 0;
        for (Socket socket : sockets) {
            socket.setSoTimeout(1);
            try {
                socket.getInputStream().read();
            } catch (SocketTimeoutException e) {
                open++;
            } catch (IOException e) {
                // Closed, and not by this side.
            }
        }
        return open;
    }

    private int metric(String name) throws IOException {
        String text = application.send("q/metrics").body();
        return text.lines().filter(line -> line.startsWith(name + " ")).findFirst()
                .map(line -> (int) Double.parseDouble(line.substring(line.indexOf(' ') + 1))).orElseThrow();
    }

    @Test
    void idleConnectionsLeaveDescriptorsToVirtualMachines() throws Exception {
        application = PackagedApplication.start(
                List.of("bash", "-c", "ulimit -n " + OPEN_FILES + " && exec \"$@\"", "-"), directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString()));
        assertTrue(application.log().contains("1500 open descriptors (RLIMIT_NOFILE): up to 375 HTTP connections"),
                application::log);
        long before = Processes.descriptors(application.pid());
        for (int i = 0; i < FLOOD; i++) {
            open("");
        }

        assertEquals(200, application.send("q/health/ready").statusCode(), "somebody else is served");
        assertTrue(stillOpen() <= 375);
        long descriptors = Processes.descriptors(application.pid());
        assertTrue(descriptors - before <= 375 + 32, descriptors + " descriptors");
        try (FrontEnd _ = new FrontEnd(directory.resolve("run/vm0.sock"))) {
            application.await("api/v1/devices/vm0", device -> device.path("state").asText().equals("connected"));
        }
    }

    @Test
    void thereAreNoMoreConnectionsThanTheLimit() throws Exception {
        start(Map.of("quarkus.http.limits.max-connections", "100"));
        for (int i = 0; i < 250; i++) {
            open(i % 2 == 0 ? "" : HEAD);
        }

        // The kernel completes connections that the service has not looked at yet.
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (stillOpen() > 100) {
            assertTrue(System.nanoTime() < endNs, "more are open than the limit");
        }
        assertTrue(metric("clocktower_http_connections") <= 100);
        assertEquals(100, metric("clocktower_http_connections_limit"));
        assertTrue(application.log().contains("HTTP: all 100 connections are in use"), application::log);
    }

    /** Those that wait for an answer stay: here streams of events. */
    @Test
    void aNewConnectionTakesThePlaceOfTheOneThatWasIdleLongest() throws Exception {
        start(Map.of("quarkus.http.limits.max-connections", "20"));
        List<EventStreamClient> streams = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            streams.add(new EventStreamClient(application.root(), "", null).awaitOpen());
        }
        int idle = 8;
        for (int i = 0; i < idle; i++) {
            open("");
        }
        Socket last = sockets.getLast();
        last.setSoTimeout(1_500);
        assertThrows(SocketTimeoutException.class, () -> last.getInputStream().read(), "idle, and not closed for that");

        for (int i = 0; i < idle; i++) {
            assertEquals(200, RawHttp.answer(open(HEAD + "\r\n")).status());
        }
        assertEquals(201, application.send("POST", "api/v1/devices", "{\"name\":\"new\"}").statusCode());
        for (EventStreamClient stream : streams) {
            assertEquals("device-created", stream.next().type());
            stream.close();
        }
    }

    @Test
    void aHeadThatDoesNotArriveIsNotWaitedFor() throws Exception {
        start(Map.of());
        long startNs = System.nanoTime();
        Socket silent = open("");
        Socket slow = open(HEAD.substring(0, 10));
        Socket next = open(HEAD + "\r\n");
        assertEquals(200, RawHttp.answer(next).status());
        next.getOutputStream().write('G');

        Optional<Long> closedNs = Optional.empty();
        while (closedNs.isEmpty()) {
            slow.setSoTimeout(500);
            try {
                slow.getOutputStream().write('x');
                assertTrue(slow.getInputStream().read() < 0);
                closedNs = Optional.of(System.nanoTime() - startNs);
            } catch (SocketTimeoutException e) {
                assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(40),
                        "a byte now and then keeps it open");
            } catch (IOException e) {
                closedNs = Optional.of(System.nanoTime() - startNs);
            }
        }
        assertTrue(closedNs.get() >= TimeUnit.SECONDS.toNanos(9), closedNs::toString);
        assertTrue(RawHttp.isClosed(silent));
        assertTrue(RawHttp.isClosed(next));
    }
}
