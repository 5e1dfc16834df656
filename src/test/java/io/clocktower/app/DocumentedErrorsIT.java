package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clocktower.app.ApiDescription.Operation;
import io.clocktower.app.ApiDescription.Parameter;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The OpenAPI document has each answer that a wrong call gets, and the answer is a problem document. The calls are made from
 * the document, so a new operation or field is called here too.
 */
class DocumentedErrorsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FAULTS = "api/v1/devices/vm0/faults";
    private static final String LARGE = "x".repeat(100_000);
    private static final int BATCH = 16;
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static final List<Long> NUMBERS = Stream.of(0L, 1L, 63L, 64L, 999L, 1_000L, 999_999_999L, 1_000_000_000L,
            999_000_000_000L, 999_000_000_001L, (long) Integer.MAX_VALUE, 1L + Integer.MAX_VALUE, 1L << 53, 1L << 62,
            (1L << 62) + 1, Long.MAX_VALUE).flatMap(n -> Stream.of(n, -n)).distinct().collect(Collectors.toList());
    private static final List<String> DURATIONS = Stream
            .of("0s", "1ns", "999ns", "1us", "1s", "1s1ns", "30d", "30d1ns", "3650d", "3651d", "36500d", "36500d1ns",
                    "106751d23h47m16s854ms775us807ns", "106751d23h47m16s854ms775us808ns", "PT9223372036854775807S")
            .flatMap(text -> Stream.of(text, "-" + text)).collect(Collectors.toList());
    private static final List<String> TIMES = List.of("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
            "2554-07-21T23:34:33.709551614Z", "2554-07-21T23:34:33.709551615Z", "2554-07-21T23:34:34Z",
            "-1000000000-01-01T00:00:00Z", "+1000000000-12-31T23:59:59.999999999Z");
    private static final List<String> MONTHS = List.of("1971-12", "1972-01", "2261-12", "2262-01", "-999999999-01",
            "+999999999-12");

    static {
        NUMBERS.add(Long.MIN_VALUE);
        DURATIONS.add("PT-9223372036854775808S");
    }

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static List<Operation> operations;

    @BeforeAll
    static void start() {
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir",
                directory.resolve("run").toString(), "clocktower.http.changes-per-second", "0"));
        operations = ApiDescription.operations(application.get("q/openapi?format=json"));
    }

    @AfterAll
    static void stop() {
        HTTP.close();
        application.close();
    }

    private static HttpResponse<String> call(String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(application.root().resolve(path.replaceFirst("^/", "")))
                .timeout(ANSWER).header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    private static void assertDocumented(Operation operation, HttpResponse<String> answer, String what)
            throws Exception {
        String told = operation + ", " + what + ": " + answer.statusCode() + " " + answer.body();
        assertTrue(operation.statuses().contains(Integer.toString(answer.statusCode())), told + " is not documented");
        if (answer.statusCode() >= 400) {
            assertEquals("application/problem+json", answer.headers().firstValue("Content-Type").orElse(""), told);
            JsonNode problem = JSON.readTree(answer.body());
            assertEquals(answer.statusCode(), problem.path("status").asInt(), told);
            assertTrue(!problem.path("detail").asText().isEmpty(), told);
        }
    }

    private static void assertRejected(Operation operation, int status, String what, HttpResponse<String> answer)
            throws Exception {
        assertEquals(status, answer.statusCode(), () -> operation + ", " + what + ": " + answer.body());
        assertDocumented(operation, answer, what);
    }

    private static Stream<DynamicTest> each(Check check) {
        return operations.stream().map(operation -> dynamicTest(operation.toString(), () -> check.on(operation)));
    }

    private interface Check {
        void on(Operation operation) throws Exception;
    }

    private static boolean isRead(Operation operation) {
        return operation.method().equals("GET");
    }

    @TestFactory
    Stream<DynamicTest> aWrongParameterIsAnsweredAsDocumented() {
        return each(operation -> {
            String method = operation.method();
            String body = operation.validBody();
            assertRejected(operation, 400, "unknown query", call(method, operation.path() + "?noSuch=1", body));
            for (Parameter parameter : operation.parameters("path")) {
                assertRejected(operation, 404, "unknown " + parameter.name(),
                        call(method, operation.path(parameter.name(), "no-such"), body));
            }
            for (Parameter parameter : operation.parameters("query")) {
                assertRejected(operation, 400, "empty " + parameter.name(),
                        call(method, operation.path() + "?" + parameter.name() + "=", body));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aWrongConditionIsAnsweredAsDocumented() {
        return each(operation -> {
            if (isRead(operation)) {
                assertRejected(operation, 400, "malformed If-None-Match",
                        call("GET", operation.path(), null, "If-None-Match", "garbage"));
                return;
            }
            assertRejected(operation, 400, "malformed If-Match",
                    call(operation.method(), operation.path(), operation.validBody(), "If-Match", "garbage"));
            assertRejected(operation, 400, "If-None-Match",
                    call(operation.method(), operation.path(), operation.validBody(), "If-None-Match", "*"));
            HttpResponse<String> old = call(operation.method(), operation.path(), operation.validBody(), "If-Match",
                    "\"old.1\"");
            assertTrue(Set.of(400, 404, 412).contains(old.statusCode()), old::body);
            assertDocumented(operation, old, "old If-Match");
        });
    }

    @TestFactory
    Stream<DynamicTest> aWrongBodyIsAnsweredAsDocumented() {
        return each(operation -> {
            if (operation.fields().isEmpty()) {
                return;
            }
            for (String body : List.of("{", "[]", "{\"noSuch\":{}}", "null", "")) {
                assertRejected(operation, 400, body, call(operation.method(), operation.path(), body));
            }
            assertRejected(operation, 413, "large body", call(operation.method(), operation.path(), LARGE));
            assertRejected(operation, 415, "text/plain", call(operation.method(), operation.path(),
                    operation.validBody(), "Content-Type", "text/plain"));
        });
    }

    @TestFactory
    Stream<DynamicTest> aWrongAcceptIsAnsweredAsDocumented() {
        return each(operation -> {
            if (operation.answersJson()) {
                HttpResponse<String> answer = call(operation.method(), operation.path(), operation.validBody(),
                        "Accept",
                        "image/png");
                // A plan that does not exist is reported before a media type that is not available.
                assertTrue(Set.of(404, 406).contains(answer.statusCode()), answer::body);
                assertDocumented(operation, answer, "Accept: image/png");
            }
        });
    }

    @Test
    void aWrongMethodIsAnsweredWithTheDocumentedOnes() throws Exception {
        Map<String, Set<String>> methods = new TreeMap<>(operations.stream().collect(Collectors
                .groupingBy(Operation::path, Collectors.mapping(Operation::method, Collectors.toSet()))));
        for (var path : methods.entrySet()) {
            HttpResponse<String> answer = call(path.getValue().contains("PATCH") ? "PUT" : "PATCH", path.getKey(),
                    "{}");
            assertEquals(405, answer.statusCode(), path::getKey);
            Set<String> allowed = Set.of(answer.headers().firstValue("Allow").orElse("").split(", "));
            assertTrue(allowed.containsAll(path.getValue()), path + " " + allowed);
            assertEquals(405, JSON.readTree(answer.body()).path("status").asInt());
        }
    }

    /** A value at, below and above each limit, for each number, duration, time and month of each example. */
    @TestFactory
    Stream<DynamicTest> noValueAtALimitIsAnsweredWithAServerError() {
        return operations.stream().filter(operation -> !operation.examples().isEmpty())
                .filter(operation -> !operation.template().endsWith("/labels"))
                .map(operation -> dynamicTest(operation.toString(), () -> {
                    int accepted = 0;
                    for (JsonNode example : operation.examples()) {
                        for (String body : atLimits((ObjectNode) example, operation)) {
                            accepted += send(operation, body) ? 1 : 0;
                            if (accepted % BATCH == BATCH - 1) {
                                clear();
                            }
                        }
                    }
                    clear();
                    assertTrue(accepted > 0, "nothing was accepted");
                }));
    }

    private static boolean send(Operation operation, String body) throws Exception {
        HttpResponse<String> answer = call(operation.method(), operation.path(), body);
        assertDocumented(operation, answer, body);
        assertTrue(answer.statusCode() < 500, () -> body + ": " + answer.statusCode() + " " + answer.body());
        HttpResponse<String> after = call("GET", "api/v1/devices/vm0", null);
        assertEquals(200, after.statusCode(), () -> body + ": " + after.body());
        return answer.statusCode() < 300;
    }

    private static void clear() throws Exception {
        HttpResponse<String> reverted = call("DELETE", FAULTS, null);
        assertTrue(reverted.statusCode() < 300, reverted::body);
        for (JsonNode device : application.get("api/v1/devices")) {
            if (!device.path("configured").asBoolean()) {
                call("DELETE", "api/v1/devices/" + device.path("name").asText(), null);
            }
        }
        for (JsonNode plan : application.get("api/v1/plans")) {
            call("DELETE", "api/v1/plans/" + plan.path("id").asText(), null);
        }
    }

    /** The example with one member after the other replaced. */
    private static List<String> atLimits(ObjectNode example, Operation operation) {
        if (operation.template().endsWith("/plans")) {
            return plansAtLimits();
        }
        List<String> bodies = new ArrayList<>();
        operation.fields().stream().map(ApiDescription.Field::path).filter(path -> path.matches("\\w+"))
                .forEach(name -> values(name, example).forEach(value -> {
                    ObjectNode body = example.deepCopy();
                    if (name.endsWith("Ns")) {
                        body.remove(name.substring(0, name.length() - 2));
                    }
                    body.putPOJO(name, value);
                    bodies.add(body.toString());
                }));
        return bodies;
    }

    /** The example of a plan is for devices that do not exist here. */
    private static List<String> plansAtLimits() {
        String plan = "{\"steps\":[{\"devices\":[\"vm0\"],\"%s\":%s,\"fault\":{\"type\":\"freeze\",\"duration\":\"1s\"}}]}";
        List<String> bodies = new ArrayList<>();
        for (String duration : DURATIONS) {
            bodies.add(plan.formatted("at", '"' + duration + '"'));
            bodies.add(plan.formatted("jitter", '"' + duration + '"'));
        }
        for (Long number : NUMBERS) {
            bodies.add(plan.formatted("count", number));
            bodies.add(plan.formatted("percent", number));
        }
        return bodies;
    }

    private static List<?> values(String name, ObjectNode example) {
        boolean isOfExample = example.has(name) || name.endsWith("Ns") && example.has(name.substring(0,
                name.length() - 2));
        return switch (name) {
            case "duration", "pollWindow" -> DURATIONS;
            case "start" -> TIMES;
            case "clock" -> NUMBERS;
            case "offset", "range", "interval", "delta", "period" -> !isOfExample
                    ? List.of()
                    : example.path(name).isNumber() ? NUMBERS : DURATIONS;
            case "offsetNs", "rangeNs", "intervalNs", "deltaNs", "periodNs", "ratePpb", "seed" -> isOfExample
                    ? NUMBERS
                    : List.of();
            case "ratio" -> Stream.concat(NUMBERS.stream().map(BigInteger::valueOf),
                    Stream.of(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE), BigInteger.ONE.shiftLeft(64)))
                    .toList();
            case "fractionBits" -> NUMBERS;
            case "time" -> isOfExample ? TIMES : List.of();
            case "month" -> isOfExample ? MONTHS : List.of();
            default -> List.of();
        };
    }
}
