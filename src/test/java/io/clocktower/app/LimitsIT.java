package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far operators may go: the longest offsets, the most devices, many of them at once, and those that are slow. */
class LimitsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VM0 = "api/v1/devices/vm0";
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final int MAX_DEVICES = 1_000;
    private static final int CALLERS = 32;
    private static final int ROUNDS = 10;
    private static final int SLOW = 50;
    private static final long TOLERANCE_BYTES = 16 << 20;
    private static final int SPARE_DESCRIPTORS = 16;

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void start() {
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir",
                directory.resolve("run").toString(), "clocktower.http.changes-per-second", "0"));
    }

    @AfterAll
    static void stop() {
        HTTP.close();
        application.close();
    }

    @AfterEach
    void nothingFailed() throws Exception {
        assertEquals(2, application.send("DELETE", VM0 + "/faults", null).statusCode() / 100);
        assertEquals(200, application.send("q/health").statusCode());
        assertFalse(application.log().contains(" ERROR "), application::log);
    }

    private static JsonNode answered(int status, HttpResponse<String> response) throws Exception {
        assertEquals(status, response.statusCode(), response::body);
        return JSON.readTree(response.body());
    }

    @ParameterizedTest
    @CsvSource({"PT5M,PT5M", "5m,PT5M", "+5m,PT5M", "-5m,-PT5M", "-PT5M,-PT5M", "PT-5M,-PT5M", "-PT-5M,PT5M",
            "P1D,PT24H", "-P1D,-PT24H", "1d,PT24H", "1h30m,PT1H30M", "PT0.5S,PT0.5S", "500ms,PT0.5S",
            "50us,PT0.00005S", "800ns,PT0.0000008S", "-PT0.000000001S,-PT0.000000001S", "PT1H-60M,PT0S",
            "PT-0.5S,-PT0.5S", "PT1M-90S,-PT30S"})
    void aDurationIsAnsweredWithItsSignFirst(String given, String answered) throws Exception {
        JsonNode offset = answered(200, application.send("PUT", VM0 + "/offset", "{\"offset\":\"" + given + "\"}"));

        assertEquals(answered, offset.path("offset").asText());
        assertEquals(answered, application.get(VM0).at("/faults/0/offset").asText());
        assertEquals(answered, application.get(VM0).at("/clocks/3/offset").asText());
    }

    @Test
    void whatADurationIsStandsInTheDescription() {
        JsonNode description = application.get("q/openapi?format=json");

        assertTrue(description.at("/info/description").asText().contains("PT-5M, P1D), or short (5m, -5m,"));
        assertEquals("duration", description.at("/components/schemas/Duration/format").asText());
    }

    /** Four hundred years and more, in two faults; the reading has more than 63 bits. */
    @Test
    void clocksGoAsFarAsTheirNumbers() throws Exception {
        answered(200, application.send("PUT", VM0 + "/offset", "{\"offsetNs\":9223372036854775807}"));
        answered(200, application.send("PUT", VM0 + "/clocks/3/offset", "{\"offset\":\"P73000D\"}"));

        JsonNode clock = application.get(VM0 + "/clocks/3");
        BigInteger servedNs = clock.path("servedNs").bigIntegerValue();
        BigInteger offsetNs = BigInteger.valueOf(Long.MAX_VALUE)
                .add(BigInteger.valueOf(Duration.ofDays(73_000).toNanos()));
        assertEquals(offsetNs, clock.path("offsetNs").bigIntegerValue());
        assertEquals(clock.path("trueNs").bigIntegerValue().add(offsetNs), servedNs);
        assertEquals(Long.SIZE, servedNs.bitLength());
        assertTrue(clock.path("servedTime").asText().startsWith("251"), clock::toString);
        assertEquals(422, application.send("PUT", VM0 + "/clocks/3/offset", "{\"offset\":\"P100000D\"}").statusCode());
        assertEquals(clock.path("offsetNs"), application.get(VM0 + "/clocks/3").path("offsetNs"));
    }

    @Test
    void wordsOfAnyLanguageAreTaken() throws Exception {
        String body = "{\"offsetNs\":5,\"reason\":\"日本語 😀 ü\",\"author\":\"Zoë\"}";
        JsonNode offset = answered(200, application.send("PUT", VM0 + "/offset", body));

        assertEquals("日本語 😀 ü", offset.path("reason").asText());
        assertEquals("anonymous", offset.path("author").asText());
        assertEquals("Zoë", offset.path("onBehalfOf").asText());
    }

    @Test
    void thereAreSoManyDevicesAndNoMore() throws Exception {
        int there = application.get("api/v1/devices").size();
        long descriptors = Processes.descriptors(application.pid());
        fillAndEmpty(there);
        // What is lost is lost each time. What is resident may also grow once, as the heap does.
        int tries = PackagedApplication.executable().isPresent() ? 4 : 1;
        long grownBytes = Long.MAX_VALUE;
        for (int i = 0; i < tries && grownBytes >= TOLERANCE_BYTES; i++) {
            long keptBytes = keptBytes();
            fillAndEmpty(there);
            grownBytes = keptBytes() - keptBytes;
        }
        assertTrue(grownBytes < TOLERANCE_BYTES, grownBytes + " bytes more");
        assertEquals(there, application.get("api/v1/devices").size());
        assertTrue(Processes.descriptors(application.pid()) <= descriptors + SPARE_DESCRIPTORS);
    }

    /** Of the native executable, which has neither jcmd nor all metrics of the JVM, what is resident. */
    private static long keptBytes() throws Exception {
        return PackagedApplication.executable().isPresent()
                ? Processes.residentKb(application.pid()) << 10
                : liveBytes();
    }

    /** What is alive on the heap: the rest of the process's memory comes and goes as the collector likes. */
    private static long liveBytes() throws Exception {
        Processes.collectGarbage(application.pid());
        return application.send("q/metrics").body().lines()
                .filter(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\""))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
    }

    private static void fillAndEmpty(int there) throws Exception {
        makeDevices(there);
        JsonNode refusal = answered(409, application.send("POST", "api/v1/devices", "{\"name\":\"more\"}"));
        assertTrue(refusal.path("detail").asText().contains("the maximum is " + MAX_DEVICES), refusal::toString);
        assertEquals(MAX_DEVICES, application.get("api/v1/devices").size());
        for (int status : atOnce(CALLERS, _ -> application.send("api/v1/devices").statusCode())) {
            assertEquals(200, status);
        }
        removeDevices(there);
    }

    private static void makeDevices(int there) throws Exception {
        for (int i = there; i < MAX_DEVICES; i++) {
            answered(201, application.send("POST", "api/v1/devices", "{\"name\":\"many" + i + "\"}"));
        }
    }

    private static void removeDevices(int there) throws Exception {
        for (int i = there; i < MAX_DEVICES; i++) {
            assertEquals(204, application.send("DELETE", "api/v1/devices/many" + i, null).statusCode());
        }
    }

    private interface Call {
        int make(int caller) throws Exception;
    }

    /** What callers that all begin at once are answered. */
    private static List<Integer> atOnce(int callers, Call call) throws Exception {
        var start = new CyclicBarrier(callers);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Integer> statuses = new ArrayList<>();
            for (Future<Integer> status : threads.invokeAll(IntStream.range(0, callers)
                    .<Callable<Integer>>mapToObj(caller -> () -> {
                        start.await();
                        return call.make(caller);
                    }).toList())) {
                statuses.add(status.get());
            }
            return statuses;
        }
    }

    private static int change(String method, String path, String body, String tag) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(application.root().resolve(path)).timeout(ANSWER)
                .header("Content-Type", "application/json").header("If-Match", tag)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)).build(),
                BodyHandlers.ofString()).statusCode();
    }

    /** Of all that have seen the same version one wins. */
    @Test
    void ofManyWhoChangeTheSameVersionOneWins() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            assertEquals(200, application.send("PUT", VM0 + "/offset", "{\"offsetNs\":" + (round + 1) + "}")
                    .statusCode());
            long revision = application.get(VM0).path("revision").asLong();
            String tag = application.send(VM0).headers().firstValue("ETag").orElseThrow();
            List<Integer> statuses = atOnce(CALLERS, caller -> switch (caller % 4) {
                case 0 -> change("PUT", VM0 + "/offset", "{\"offsetNs\":" + (1_000 + caller) + "}", tag);
                case 1 -> change("DELETE", VM0 + "/offset", null, tag);
                case 2 -> change("POST", VM0 + "/faults", "{\"type\":\"freeze\",\"duration\":\"PT1H\"}", tag);
                default -> change("DELETE", VM0 + "/faults", null, tag);
            });
            assertEquals(1, statuses.stream().filter(status -> status < 300).count(), statuses::toString);
            assertEquals(CALLERS - 1, statuses.stream().filter(status -> status == 412).count(), statuses::toString);
            assertEquals(revision + 1, application.get(VM0).path("revision").asLong());
        }
    }

    @Test
    void changesOfNoVersionInParticularAreAllMade() throws Exception {
        long revision = application.get(VM0).path("revision").asLong();
        List<Integer> statuses = atOnce(CALLERS, caller -> application.send("PUT", VM0 + "/offset",
                "{\"offsetNs\":" + (1_000 + caller) + "}").statusCode());

        assertEquals(IntStream.range(0, CALLERS).mapToObj(_ -> 200).toList(), statuses);
        assertEquals(revision + CALLERS, application.get(VM0).path("revision").asLong());
    }

    @Test
    void aNameIsHadByOneOfThoseWhoAskForIt() throws Exception {
        List<Integer> statuses = atOnce(CALLERS,
                _ -> application.send("POST", "api/v1/devices", "{\"name\":\"wanted\"}").statusCode());
        assertEquals(1, statuses.stream().filter(status -> status == 201).count(), statuses::toString);
        assertEquals(CALLERS - 1, statuses.stream().filter(status -> status == 409).count(), statuses::toString);

        statuses = atOnce(CALLERS, _ -> application.send("DELETE", "api/v1/devices/wanted", null).statusCode());
        assertEquals(1, statuses.stream().filter(status -> status == 204).count(), statuses::toString);
        assertEquals(CALLERS - 1, statuses.stream().filter(status -> status == 404).count(), statuses::toString);
    }

    /** Some say nothing, some half of a head, and some half of a body. */
    @Test
    void thoseWhoAreSlowKeepNobodyWaiting() throws Exception {
        var slow = new ConcurrentLinkedQueue<Socket>();
        try {
            String head = "PUT /" + VM0 + "/offset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
            for (int i = 0; i < SLOW; i++) {
                slow.add(open(switch (i % 4) {
                    case 0 -> "";
                    case 1 -> head.substring(0, head.length() / 2);
                    case 2 -> head + "Content-Length: 100\r\n\r\n{\"offsetNs\":";
                    default -> head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"off";
                }));
            }
            for (int i = 0; i < SLOW; i++) {
                long startNs = System.nanoTime();
                assertEquals(200, application.send("PUT", VM0 + "/offset", "{\"offsetNs\":7}").statusCode());
                assertTrue(System.nanoTime() - startNs < ANSWER.toNanos() / 4);
                assertEquals(200, application.send(VM0).statusCode());
            }
            assertEquals(7, application.get(VM0 + "/offset").path("offsetNs").asInt());
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    private static Socket open(String beginning) throws IOException {
        var socket = new Socket("127.0.0.1", application.root().getPort());
        socket.getOutputStream().write(beginning.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @Test
    void bothVersionsOfHttpAreServed() throws Exception {
        try (HttpClient second = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
            for (String body : List.of("{\"offsetNs\":9}", "{\"offsetNs\":\"x\"}")) {
                HttpResponse<String> response = second.send(HttpRequest
                        .newBuilder(application.root().resolve(VM0 + "/offset")).timeout(ANSWER)
                        .header("Content-Type", "application/json").PUT(BodyPublishers.ofString(body)).build(),
                        BodyHandlers.ofString());
                assertEquals(body.contains("x") ? 400 : 200, response.statusCode(), response::body);
            }
            HttpResponse<String> read = second.send(HttpRequest.newBuilder(application.root().resolve(VM0))
                    .timeout(ANSWER).build(), BodyHandlers.ofString());
            assertEquals(HttpClient.Version.HTTP_2, read.version());
            assertEquals(200, read.statusCode());
        }
    }
}
