package io.clocktower.app;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A console that is not read: the pipe is full before the application starts, and stays so. */
class ConsoleIT {

    private static final int TERMINATED = 143;
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(40);

    @TempDir
    private Path directory;

    @Test
    void anApplicationWhoseConsoleIsNotReadStartsServesAndStops() throws Exception {
        int port = PackagedApplication.freePort();
        // The first process fills the pipe, of which nobody reads, and whatever room there may be later.
        Process application = new ProcessBuilder("sh", "-c",
                "dd if=/dev/zero bs=65536 count=64 2>/dev/null & exec \"$0\" \"$@\"",
                PackagedApplication.PROGRAM.toString(), "-Dquarkus.http.port=" + port,
                "-Dclocktower.state-dir=" + directory.resolve("state"), "-Dclocktower.socket-dir=" + directory,
                "-Dclocktower.shutdown-grace=1s", "-Dclocktower.devices.vm0.poll-window=0s").redirectErrorStream(true)
                .start();
        try (InputStream unread = application.getInputStream()) {
            awaitReady(port, application);
            Path socket = directory.resolve("vm0.sock");
            // More lines than the pipe, the writer's buffer and the queue take.
            for (int i = 0; i < 300; i++) {
                try (var frontEnd = new FrontEnd(socket)) {
                    frontEnd.send(99, FrontEnd.VERSION, new byte[0]);
                    frontEnd.awaitClosed();
                }
            }
            try (var guest = new Guest(socket)) {
                for (int i = 0; i < 1000; i++) {
                    assertEquals(0, guest.request(ofClock(READ, 0), 16).status());
                }
            }
            assertEquals(200, status(port, "q/health/live"));
            assertTrue(unread.available() > 0, "it was full");
            application.toHandle().destroy();
            assertTrue(application.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS), "it does not stop");
            assertEquals(TERMINATED, application.exitValue());
            assertFalse(Files.exists(socket));
        } finally {
            application.destroyForcibly();
        }
    }

    private static void awaitReady(int port, Process application) throws Exception {
        long endNs = System.nanoTime() + START.toNanos();
        while (status(port, "q/health/ready") != 200) {
            assertTrue(application.isAlive() && System.nanoTime() < endNs, "it does not start");
            application.waitFor(100, TimeUnit.MILLISECONDS);
        }
    }

    /** 0 while it does not listen. */
    private static int status(int port, String path) throws InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/%s".formatted(port, path)))
                    .timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }
}
