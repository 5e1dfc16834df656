package io.clocktower.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A Prometheus on the loopback interface, in a process of its own. */
final class Prometheus implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long POLL_MS = 100;

    private final Process process;
    private final Path log;
    private final URI root;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    private Prometheus(Process process, Path log, URI root) {
        this.process = process;
        this.log = log;
        this.root = root;
    }

    /**
     * Starts it.
     *
     * @param directory for its data and its log
     */
    static Prometheus start(Path program, Path configuration, Path directory) throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Path log = directory.resolve("prometheus.log");
        var process = new ProcessBuilder(program.toString(), "--config.file=" + configuration,
                "--storage.tsdb.path=" + directory.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
                "--log.level=warn").redirectErrorStream(true).redirectOutput(log.toFile()).start();
        return new Prometheus(process, log, URI.create("http://127.0.0.1:" + port + "/"));
    }

    /** The result of a query now; a query that is refused is an error. */
    JsonNode query(String expression) throws Exception {
        JsonNode answer = get("api/v1/query?query=" + URLEncoder.encode(expression, UTF_8));
        return answer.at("/data/result");
    }

    /** What it answers to a GET of that path, which must be a success. */
    JsonNode get(String path) throws Exception {
        var response = http.send(HttpRequest.newBuilder(root.resolve(path)).timeout(PATIENCE).build(),
                BodyHandlers.ofString());
        JsonNode answer = json.readTree(response.body());
        if (!answer.path("status").asText().equals("success")) {
            throw new IOException(path + ": " + response.body());
        }
        return answer;
    }

    /** Waits until an expression has a result. */
    void await(String expression) throws Exception {
        long endNs = System.nanoTime() + PATIENCE.toNanos();
        while (!hasResult(expression)) {
            if (!process.isAlive() || System.nanoTime() > endNs) {
                throw new AssertionError("no result of " + expression + "\n" + Files.readString(log));
            }
            process.waitFor(POLL_MS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean hasResult(String expression) throws Exception {
        try {
            return !query(expression).isEmpty();
        } catch (IOException e) {
            // It is not listening yet, or has not read its own data yet.
            return false;
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            http.close();
        }
    }
}
