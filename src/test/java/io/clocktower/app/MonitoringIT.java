package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics and health at a port of their own. */
class MonitoringIT {

    private static final String TOKEN = "clocktower.auth.tokens.ops.";

    @TempDir
    private Path directory;

    @Test
    void thePortHasMetricsAndHealthWithoutATokenAndNothingElse() throws Exception {
        int port = PackagedApplication.freePort();
        try (var application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString(), TOKEN + "sha256", "ab".repeat(32),
                        TOKEN + "role", "operator", "clocktower.monitoring.port", Integer.toString(port),
                        "clocktower.monitoring.host", "127.0.0.1"));
                var http = HttpClient.newHttpClient()) {
            assertEquals(401, application.send("q/metrics").statusCode());

            var metrics = send(http, port, "GET", "/q/metrics");
            assertEquals(200, metrics.statusCode());
            assertTrue(metrics.body().contains("\nclocktower_"), metrics.body());
            for (String path : new String[]{"/q/health", "/q/health/live", "/q/health/ready"}) {
                var health = send(http, port, "GET", path);
                assertEquals(200, health.statusCode(), path);
                assertTrue(health.body().contains("\"status\":\"UP\""), health.body());
            }
            assertEquals(404, send(http, port, "GET", "/api/v1/devices").statusCode());
            assertEquals(404, send(http, port, "GET", "/q/metrics/../../api/v1/devices").statusCode());
            assertEquals(405, send(http, port, "POST", "/q/metrics").statusCode());
        }
    }

    private static HttpResponse<String> send(HttpClient http, int port, String method, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, BodyPublishers.noBody()).build(), BodyHandlers.ofString());
    }

    @Test
    void aPortThatIsInUseIsNamed() {
        try (var application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString()))) {
            var end = PackagedApplication.refuse(directory,
                    Map.of("clocktower.socket-dir", directory.resolve("run2").toString(), "clocktower.state-dir",
                            directory.resolve("state2").toString(), "clocktower.monitoring.host", "127.0.0.1",
                            "clocktower.monitoring.port", Integer.toString(application.root().getPort())));
            assertEquals(1, end.status());
            assertTrue(end.output().contains("clocktower.monitoring.port: cannot bind to 127.0.0.1:"
                    + application.root().getPort()), end.output());
        }
    }
}
