package io.clocktower.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.clocktower.config.WebhookSpec;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.event.EventJson;
import io.clocktower.webhook.Receiver.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire to a receiver, and what is made of its answer. */
class HttpReceiverTest {

    private static final Delivery DELIVERY = new Delivery("d1", new DeviceEvent(7, Instant.EPOCH, Type.DISCONNECTED,
            "vm0", Optional.empty(), Optional.empty(), DeviceEvent.Change.NONE, Map.of("team", "grün"), "it left"));

    private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private volatile int status = 204;
    private volatile Map<String, String> answerHeaders = Map.of();
    private HttpServer server;

    private record Call(String method, String path, Headers headers, byte[] body) {}

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        http.close();
    }

    private void answer(HttpExchange exchange) throws IOException {
        calls.add(new Call(exchange.getRequestMethod(), exchange.getRequestURI().toString(),
                exchange.getRequestHeaders(), exchange.getRequestBody().readAllBytes()));
        answerHeaders.forEach(exchange.getResponseHeaders()::set);
        if (status == 0) {
            // A body that never comes.
            exchange.sendResponseHeaders(200, 10);
        } else {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        }
    }

    private HttpReceiver receiver(Optional<String> credentials, Optional<String> secret, Duration timeout) {
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook?x=1");
        return new HttpReceiver(new WebhookSpec("ops", url, credentials, Set.of(), Map.of(), secret, timeout), http,
                Clock.fixed(Instant.parse("2026-11-22T12:00:00Z"), ZoneOffset.UTC));
    }

    private Answer tell() throws Exception {
        return receiver(Optional.empty(), Optional.empty(), Duration.ofSeconds(10)).send(DELIVERY);
    }

    @Test
    void theEventIsPosted() throws Exception {
        assertEquals(new Answer(204, Optional.empty()), tell());

        Call call = calls.take();
        assertEquals("POST /hook?x=1", call.method + " " + call.path);
        assertEquals(EventJson.write(DELIVERY.event()), new String(call.body, StandardCharsets.UTF_8));
        assertEquals("application/json", call.headers.getFirst("Content-Type"));
        assertEquals("d1", call.headers.getFirst("X-Clocktower-Delivery"));
        assertEquals("disconnected", call.headers.getFirst("X-Clocktower-Event"));
        assertFalse(call.headers.containsKey("X-Clocktower-Signature"));
        assertFalse(call.headers.containsKey("Authorization"));
    }

    @Test
    void itIsSignedWithTheSecret() throws Exception {
        receiver(Optional.empty(), Optional.of("s3cret"), Duration.ofSeconds(10)).send(DELIVERY);

        Call call = calls.take();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("s3cret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertEquals("sha256=" + HexFormat.of().formatHex(mac.doFinal(call.body)),
                call.headers.getFirst("X-Clocktower-Signature"));
    }

    @Test
    void credentialsAreForBasicAuthentication() throws Exception {
        receiver(Optional.of("Aladdin:open sesame"), Optional.empty(), Duration.ofSeconds(10)).send(DELIVERY);

        assertEquals("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", calls.take().headers.getFirst("Authorization"));
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        status = 302;
        answerHeaders = Map.of("Location", "/elsewhere");

        assertEquals(302, tell().status());
        assertEquals(1, calls.size());
    }

    @Test
    void aReceiverMaySayWhenToCallAgain() throws Exception {
        status = 503;
        for (Map.Entry<String, Optional<Duration>> wish : Map.of("120", Optional.of(Duration.ofMinutes(2)),
                "Sun, 22 Nov 2026 12:00:30 GMT", Optional.of(Duration.ofSeconds(30)), "soon",
                Optional.<Duration>empty(), "-1", Optional.<Duration>empty()).entrySet()) {
            answerHeaders = Map.of("Retry-After", wish.getKey());
            assertEquals(new Answer(503, wish.getValue()), tell(), wish::getKey);
        }
    }

    @Test
    void anAnswerThatDoesNotEndIsNone() {
        status = 0;
        var late = assertThrows(IOException.class,
                () -> receiver(Optional.empty(), Optional.empty(), Duration.ofMillis(200)).send(DELIVERY));
        assertEquals("no answer within 200 ms", late.getMessage());
    }

    @Test
    void nobodyThereIsAFailure() {
        server.stop(0);
        assertThrows(IOException.class, this::tell);
    }

    @Test
    void whichAnswersAreTriedAgain() {
        for (int again : List.of(408, 429, 500, 502, 503, 599)) {
            assertTrue(new Answer(again, Optional.empty()).isRetryable());
        }
        for (int never : List.of(301, 302, 400, 401, 403, 404, 410, 413)) {
            assertFalse(new Answer(never, Optional.empty()).isRetryable());
            assertFalse(new Answer(never, Optional.empty()).isAccepted());
        }
        assertTrue(new Answer(200, Optional.empty()).isAccepted());
    }
}
