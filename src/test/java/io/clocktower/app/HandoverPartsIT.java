package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What belongs to no device goes on in a successor: plans, and what webhooks have not delivered. */
class HandoverPartsIT {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PLAN = """
            {"steps":[
              {"devices":["vm0"],"fault":{"type":"step","offset":"PT1H","duration":"PT1H"}},
              {"at":"PT8S","devices":["vm0"],"fault":{"type":"step","offset":"PT2H","duration":"PT1H"}}]}
            """;

    @TempDir
    private Path directory;
    private PackagedApplication service;
    private HttpServer receiver;
    private volatile boolean isAccepting;
    private final List<JsonNode> accepted = new CopyOnWriteArrayList<>();
    private final List<JsonNode> refused = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws Exception {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", this::receive);
        receiver.start();
        service = PackagedApplication.start(directory, properties());
    }

    @AfterEach
    void stop() {
        service.close();
        receiver.stop(0);
    }

    private Map<String, String> properties() {
        return Map.of("clocktower.devices.vm0.socket", directory.resolve("vm0.sock").toString(),
                "clocktower.state-dir", directory.resolve("state").toString(), "clocktower.shutdown-grace", "1s",
                "clocktower.webhooks.ops.events", "fault-injected", "clocktower.webhooks.ops.url",
                "http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
    }

    private void receive(HttpExchange exchange) throws IOException {
        JsonNode event = JSON.readTree(exchange.getRequestBody().readAllBytes());
        (isAccepting ? accepted : refused).add(event);
        exchange.sendResponseHeaders(isAccepting ? 204 : 503, -1);
        exchange.close();
    }

    @Test
    void plansAndWebhooksGoOn() throws Exception {
        var started = service.send("POST", "api/v1/plans", PLAN);
        assertEquals(201, started.statusCode(), started.body());
        String plan = "api/v1/plans/" + JSON.readTree(started.body()).path("id").asText();
        service.await(plan, status -> status.path("injected").asInt() >= 1);
        service.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"-PT1M\"}");
        await(refused);

        PackagedApplication next = PackagedApplication.handover(service, directory.resolve("next.log"), properties());
        assertEquals(0, service.awaitEnd().status());
        service = next;
        next.awaitReady();
        isAccepting = true;

        JsonNode completed = next.await(plan, status -> status.path("state").asText().equals("completed"));
        assertEquals(2, completed.path("injected").asInt(), completed::toString);
        assertEquals(0, completed.path("failed").asInt(), completed::toString);
        List<String> faults = List.of(completed.at("/items/0/fault").asText(), completed.at("/items/1/fault").asText());
        assertTrue(next.get("api/v1/devices/vm0/faults").findValuesAsText("id").containsAll(faults));
        String first = refused.getFirst().path("id").asText();
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!accepted.toString().contains(faults.getLast())) {
            assertTrue(System.nanoTime() < endNs, () -> "accepted " + accepted);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        assertEquals(first, accepted.getFirst().path("id").asText());
        List<Long> ids = accepted.stream().map(event -> event.path("id").asLong()).toList();
        assertEquals(ids.stream().distinct().sorted().toList(), ids);
        assertTrue(accepted.toString().contains(faults.getFirst()), accepted::toString);
    }

    private static void await(List<JsonNode> events) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (events.isEmpty()) {
            assertTrue(System.nanoTime() < endNs, "no event came");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
