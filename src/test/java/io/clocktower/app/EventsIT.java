package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.clocktower.app.EventStreamClient.Event;
import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The events of the packaged application, as a client of the stream and a webhook's receiver are told of them. */
class EventsIT {

    private static final Duration AT_ONCE = Duration.ofSeconds(8);
    private static final int FAT_LABELS = 60;

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static HttpServer receiver;
    private static final BlockingQueue<String> CALLS = new LinkedBlockingQueue<>();

    @BeforeAll
    static void start() throws Exception {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", EventsIT::receive);
        receiver.start();
        Map<String, String> properties = new HashMap<>(two(directory));
        properties.put("clocktower.devices.vm0.labels.team", "payments");
        properties.put("clocktower.webhooks.ops.url",
                "http://user:hush@127.0.0.1:" + receiver.getAddress().getPort() + "/hush");
        properties.put("clocktower.webhooks.ops.labels.team", "payments");
        properties.put("clocktower.webhooks.ops.secret", "hush");
        for (int i = 0; i < FAT_LABELS; i++) {
            properties.put("clocktower.devices.vm1.labels." + "x".repeat(50) + i, "x".repeat(63));
        }
        application = PackagedApplication.start(directory, properties);
    }

    private static Map<String, String> two(Path home) {
        return Map.of("clocktower.devices.vm0.socket", home.resolve("vm0.sock").toString(),
                "clocktower.devices.vm1.socket", home.resolve("vm1.sock").toString(), "clocktower.shutdown-grace",
                "1s");
    }

    private static void receive(HttpExchange exchange) throws IOException {
        CALLS.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        exchange.sendResponseHeaders(204, -1);
        exchange.close();
    }

    @AfterAll
    static void stop() {
        application.close();
        receiver.stop(0);
    }

    /** The next call of the receiver for an event of that type. */
    private static String awaitCall(String type) throws InterruptedException {
        String call = CALLS.poll(AT_ONCE.toSeconds(), TimeUnit.SECONDS);
        while (call != null && !call.contains("\"type\":\"" + type + "\"")) {
            call = CALLS.poll(AT_ONCE.toSeconds(), TimeUnit.SECONDS);
        }
        return call;
    }

    private static EventStreamClient follow(String query) throws IOException {
        EventStreamClient client = new EventStreamClient(application.root(), query, null);
        assertEquals(200, client.status());
        return client.awaitOpen();
    }

    private static void offset(String device) throws IOException {
        assertEquals(200, application.send("PUT", "api/v1/devices/" + device + "/offset",
                "{\"offset\":\"-PT5M\",\"reason\":\"rehearsing\"}").statusCode());
    }

    private static void revert(String device) throws IOException {
        assertEquals(200, application.send("DELETE", "api/v1/devices/" + device + "/offset", null).statusCode());
    }

    @Test
    void whatHappensIsToldInOrder() throws Exception {
        CALLS.clear();
        try (EventStreamClient client = follow("?device=vm0")) {
            assertEquals("text/event-stream", client.headers().get("content-type"));
            assertEquals("no-store", client.headers().get("cache-control"));
            try (Guest guest = new Guest(directory.resolve("vm0.sock"))) {
                assertTrue(application.isRunning(), guest::toString);
                assertEquals("connected", client.next().type());
                offset("vm0");
                Event injected = client.next();
                assertEquals("fault-injected", injected.type());
                JsonNode data = injected.data();
                assertEquals(injected.id(), data.path("id").asLong());
                assertEquals("vm0", data.path("device").asText());
                assertEquals("payments", data.at("/labels/team").asText());
                assertTrue(data.path("detail").asText().startsWith("step, offset -PT5M"), data::toString);
                assertFalse(data.path("fault").asText().isEmpty());
                revert("vm0");
                Event reverted = client.next();
                assertEquals("fault-reverted", reverted.type());
                assertTrue(reverted.id() > injected.id());
            }
            Event disconnected = client.next();
            assertEquals("disconnected", disconnected.type());

            assertEquals(disconnected.fields().get("data"), awaitCall("disconnected"));
        }
        assertFalse(application.log().contains("hush"), application::log);
        assertTrue(application.log().contains("webhook ops: sends http://127.0.0.1:"), application::log);
    }

    @Test
    void aGuestsAlarmIsTold() throws Exception {
        CALLS.clear();
        try (EventStreamClient client = follow("?type=alarm-set&type=alarm-expired");
                Guest guest = new Guest(directory.resolve("vm0.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0)) {
            assertEquals(OK, guest.request(setAlarm(0, 1, 1), 8).status());

            assertEquals("alarm-set", client.next().type());
            Event expired = client.next();
            assertEquals("alarm-expired", expired.type());
            assertEquals(0, expired.data().path("clock").asInt(-1));
            assertEquals(expired.fields().get("data"), awaitCall("alarm-expired"));
        }
    }

    @Test
    void aClientChoosesWhatItIsTold() throws Exception {
        try (EventStreamClient vm1 = follow("?device=vm1&device=vm9&type=fault-reverted&type=connected");
                EventStreamClient payments = follow("?label=team=payments");
                EventStreamClient all = follow("")) {
            offset("vm1");
            revert("vm1");
            offset("vm0");
            revert("vm0");

            assertEquals(List.of("vm1 fault-injected", "vm1 fault-reverted", "vm0 fault-injected",
                    "vm0 fault-reverted"), take(all, 4));
            assertEquals(List.of("vm1 fault-reverted"), take(vm1, 1));
            assertEquals(List.of("vm0 fault-injected", "vm0 fault-reverted"), take(payments, 2));
        }
    }

    private static List<String> take(EventStreamClient client, int count) throws IOException {
        List<String> told = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Event event = client.next();
            told.add(event.data().path("device").asText() + " " + event.type());
        }
        return told;
    }

    @Test
    void aClientThatComesBackIsToldWhatItMissed() throws Exception {
        long last;
        try (EventStreamClient client = follow("?device=vm0&type=fault-injected")) {
            offset("vm0");
            last = client.next().id();
        }
        revert("vm0");
        offset("vm0");
        revert("vm0");
        try (EventStreamClient again = new EventStreamClient(application.root(), "?device=vm0", Long.toString(last))) {
            assertEquals(List.of("vm0 fault-reverted", "vm0 fault-injected", "vm0 fault-reverted"), take(again, 3));
        }
        try (EventStreamClient stranger = new EventStreamClient(application.root(), "", "7")) {
            assertEquals("gap", stranger.next().type());
        }
    }

    @Test
    void aFilterThatIsNoneIsRefused() throws Exception {
        assertProblem("type: \"exploded\", expected one of device-created, device-removed, ",
                "?type=connected&type=exploded");
        assertProblem("label: \"team\", expected name=value", "?label=team");
        try (EventStreamClient client = new EventStreamClient(application.root(), "", "yesterday")) {
            assertEquals(400, client.status());
            assertEquals("application/problem+json", client.headers().get("content-type"));
        }
    }

    private static void assertProblem(String detail, String query) throws Exception {
        HttpResponse<String> response = application.send("api/v1/events" + query);
        assertEquals(400, response.statusCode());
        String told = new ObjectMapper().readTree(response.body()).path("detail").asText();
        assertTrue(told.startsWith(detail), told);
        assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElseThrow());
    }

    /** One client does not read, until the queue for it overflows; the other one is told of everything meanwhile. */
    @Test
    void aSlowClientIsToldOfAGapAndHoldsUpNobody() throws Exception {
        try (EventStreamClient slow = follow("?device=vm1"); EventStreamClient fast = follow("?device=vm1")) {
            int count = 0;
            for (int i = 0; i < 500; i++) {
                offset("vm1");
                revert("vm1");
                assertEquals("fault-injected", fast.next().type());
                assertEquals("fault-reverted", fast.next().type());
                count += 2;
            }
            long told = 0;
            long missed = 0;
            while (told + missed < count) {
                Event event = slow.next();
                if (event.type().equals("gap")) {
                    missed += event.data().path("missed").asLong();
                } else {
                    told++;
                }
            }
            assertEquals(count, told + missed);
            assertTrue(missed > 0, "it missed nothing");
        }
    }

    @Test
    void thereAreSoManyClientsAtTheMost() throws Exception {
        List<EventStreamClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                clients.add(follow(""));
            }
            try (EventStreamClient tooMany = new EventStreamClient(application.root(), "", null)) {
                assertEquals(503, tooMany.status());
                assertEquals("application/problem+json", tooMany.headers().get("content-type"));
            }
        } finally {
            for (EventStreamClient client : clients) {
                client.close();
            }
        }
        long endNs = System.nanoTime() + AT_ONCE.toNanos();
        while (true) {
            try (EventStreamClient again = new EventStreamClient(application.root(), "", null)) {
                if (again.status() == 200) {
                    return;
                }
            }
            assertTrue(System.nanoTime() < endNs, "clients that have gone are still counted");
        }
    }

    /** A client that reads is told the end; one that does not is not waited for, nor is a dead webhook. */
    @Test
    void noSubscriberDelaysTheEnd() throws Exception {
        Path home = Files.createDirectory(directory.resolve("end"));
        Map<String, String> properties = new HashMap<>(two(home));
        properties.put("clocktower.webhooks.dead.url", "http://127.0.0.1:1/");
        properties.put("clocktower.webhooks.dead.events", "connected,disconnected");
        try (PackagedApplication service = PackagedApplication.start(home, properties);
                EventStreamClient client = new EventStreamClient(service.root(), "", null).awaitOpen();
                EventStreamClient idle = new EventStreamClient(service.root(), "", null).awaitOpen()) {
            assertEquals(200, idle.status());
            new FrontEnd(home.resolve("vm0.sock")).close();
            assertEquals("connected", client.next().type());
            assertEquals("disconnected", client.next().type());

            long start = System.nanoTime();
            service.signal("TERM");
            assertNull(client.next(), "the stream's end");
            End end = service.awaitEnd();

            assertTrue(System.nanoTime() - start < AT_ONCE.toNanos(), end::output);
            assertEquals(143, end.status());
            assertTrue(end.output().contains("webhook dead: http://127.0.0.1:1 did not accept connected of vm0"),
                    end::output);
            assertTrue(end.output().contains("webhook dead: stopped with 2 events not sent"), end::output);
        }
    }

    @Test
    void anInvalidWebhookIsRejected() throws Exception {
        Path home = Files.createDirectory(directory.resolve("refused"));
        String ops = "clocktower.webhooks.ops.";
        assertRefused(home, ops + "url: scheme ftp, expected http or https", Map.of(ops + "url", "ftp://hush/"));
        assertRefused(home, ops + "secrte: (not shown), unknown key (did you mean",
                Map.of(ops + "url", "http://x", ops + "secrte", "hush"));
        assertRefused(home, "exploded", Map.of(ops + "url", "http://hush", ops + "events", "exploded"));
    }

    private static void assertRefused(Path home, String reason, Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(two(home));
        all.putAll(properties);
        End end = PackagedApplication.refuse(home, all);

        List<String> lines = end.output().lines().filter(line -> !line.contains(" INFO ")).toList();
        assertEquals(1, end.status());
        assertEquals(1, lines.size(), end::output);
        assertTrue(lines.getFirst().startsWith("Clocktower does not start: "), end::output);
        assertTrue(lines.getFirst().contains(reason), end::output);
        assertFalse(lines.getFirst().contains("hush"), end::output);
    }
}
