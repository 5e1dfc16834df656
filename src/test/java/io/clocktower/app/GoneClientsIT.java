package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that go away in the middle of something are not the service's failure, and a service that stops says so. */
class GoneClientsIT {

    private static final String OFFSET = "api/v1/devices/vm0/offset";
    private static final int RESETS = 40;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    @TempDir
    private Path directory;
    private PackagedApplication application;

    @BeforeEach
    void start() {
        application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString(),
                        "clocktower.http.changes-per-second",
                        "0"));
    }

    @AfterEach
    void stop() {
        application.close();
        assertNothingFailed();
    }

    private void assertNothingFailed() {
        String log = application.log();
        assertFalse(log.contains(" ERROR ") || log.contains("\tat ") || log.contains("ArC container"), log);
    }

    private static void await(BooleanSupplier demand, String otherwise) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!demand.getAsBoolean()) {
            assertTrue(System.nanoTime() < endNs, otherwise);
            Thread.onSpinWait();
        }
    }

    private Socket open(String text) throws Exception {
        return new RawHttp(application.root()).open(text);
    }

    /** A reset, not an orderly close. */
    private static void reset(Socket socket) throws Exception {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Test
    void aClientThatResetsItsEventStreamIsNoError() throws Exception {
        for (int i = 0; i < RESETS; i++) {
            Socket stream = open("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertTrue(stream.getInputStream().read() == 'H');
            if (i % 2 == 0) {
                assertEquals(200, application.send("PUT", OFFSET, "{\"offsetNs\":" + (i + 1) + "}").statusCode());
            }
            reset(stream);
            assertEquals(200, application.send("PUT", OFFSET, "{\"offsetNs\":" + (i + 2) + "}").statusCode());
        }
        assertNothingFailed();
        try (var stream = new EventStreamClient(application.root(), "", null)) {
            assertEquals(200, stream.status(), "the places of those that have gone are free");
        }
    }

    @Test
    void aClientThatResetsInsteadOfReadingAnAnswerIsNoError() throws Exception {
        for (String request : List.of("GET /api/v1/devices", "GET /q/metrics", "GET /q/openapi",
                "GET /api/v1/no-such")) {
            for (int i = 0; i < 10; i++) {
                reset(open(request + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            }
        }
        assertEquals(200, application.send("api/v1/devices").statusCode());
        // It is prepared when it is first asked for; a service that stops in the middle of that says so.
        assertEquals(200, application.send("q/openapi").statusCode());
        assertNothingFailed();
    }

    /** Nothing was changed, and the log does not say that it was. */
    @Test
    void aBodyThatBreaksOffIsNotASuccess() throws Exception {
        for (int i = 0; i < 4; i++) {
            Socket socket = open("PUT /" + OFFSET + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 30000\r\n\r\n{");
            if (i % 2 == 0) {
                reset(socket);
            } else {
                socket.close();
            }
        }
        await(() -> application.log().lines().filter(line -> line.contains("PUT /" + OFFSET)).count() == 4,
                "each of the calls is in the log");
        assertFalse(application.log().contains("PUT /" + OFFSET + " 200"), application::log);
        assertNothingFailed();
    }

    @Test
    void whileStoppingChangesAreRefusedAndReadingGoesOn() throws Exception {
        Socket halfSent;
        try (FrontEnd _ = new FrontEnd(directory.resolve("run/vm0.sock"))) {
            application.await("api/v1/devices/vm0", device -> device.path("state").asText().equals("connected"));
            halfSent = open(
                    "PUT /" + OFFSET + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 30000\r\n\r\n{");
            application.signal("TERM");
            await(() -> status("q/health/ready") == 503, "it is not ready");

            for (List<String> change : List.of(List.of("PUT", OFFSET, "{\"offsetNs\":1}"),
                    List.of("POST", "api/v1/devices/vm0/faults", "{\"type\":\"freeze\"}"),
                    List.of("POST", "api/v1/devices", "{\"name\":\"new\"}"), List.of("DELETE", OFFSET, ""),
                    List.of("POST", "api/v1/plans", "{}"))) {
                var response = application.send(change.get(0), change.get(1), change.get(2));
                assertEquals(503, response.statusCode(), change::toString);
                assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElse(""));
                assertTrue(response.body().contains("stopping"), response::body);
            }
            assertEquals(200, status("api/v1/devices"));
            assertEquals(200, status("q/metrics"));
            assertEquals(200, status("q/health/live"));
            assertEquals(0, application.get("api/v1/devices/vm0/faults").size());
        }
        assertEquals(143, application.awaitEnd().status());
        halfSent.close();
    }

    private int status(String path) {
        try {
            return application.send(path).statusCode();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
