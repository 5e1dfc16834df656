package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.app.ApiDescription.Field;
import io.clocktower.app.ApiDescription.Operation;
import io.clocktower.app.ApiDescription.Parameter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a hostile or a clumsy operator sends is refused with a problem document that names what is wrong, and changes
 * nothing. The calls are made from the interface's description, so a field that is added is asked for here.
 */
class BadInputIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final String VM0 = "/api/v1/devices/vm0";
    private static final int TOO_LONG = 100_000;
    private static final int TEN_MEGABYTES = 10_000_000;
    private static final long TOLERANCE_KB = 128 << 10;
    /** Of the packages and the library, and what is to be read in a browser or a debugger. */
    private static final List<String> NOT_TOLD = List.of("io.clocktower", "io.quarkus", "java.", "jackson", "Exception",
            "\tat ", "<html", "@Consumes", "@Produces", "RESTEASY");

    private static final Map<String, List<String>> WRONG = Map.of(
            "string", List.of("5", "-5.5", "true", "{}", "[]", "[\"x\"]", "{\"x\":1}"),
            "integer", List.of("\"x\"", "\"5\"", "\"\"", "5.5", "1e30", "1e400", "true", "{}", "[]", "[5]"),
            "boolean", List.of("\"true\"", "\"\"", "1", "0.0", "{}", "[]"),
            "array", List.of("{}", "\"x\"", "\"\"", "5", "true"),
            "object", List.of("[]", "\"x\"", "\"\"", "5", "true"));
    private static final List<String> OVERFLOWS = List.of("9223372036854775808", "-9223372036854775809",
            "1" + "0".repeat(500), "9".repeat(2_000));
    private static final List<String> NO_JSON = List.of("", " ", "null", "[]", "5", "\"x\"", "{", "{\"", "}", "x",
            "\u0000", "{} {}", "{}x", "{'a':1}", "[".repeat(30_000), "{\"a\":".repeat(10_000));
    private static final Map<String, List<String>> WRONG_PARAMETERS = Map.of(
            "string", List.of("no-such", "..%2Fx", "%2e%2e%2f", "%2e%2e%2f%2e%2e%2fetc", "a".repeat(300),
                    "%F0%9F%98%80", "%00", "%0a%1b", "%ff", "%25", "vm0%20", "VM0"),
            "integer", List.of("-1", "99", "2147483648", "-2147483649", "x", "0x0", "1e0", "0.0", "%00"),
            "boolean", List.of("maybe", "", "7", "TRUE", "true%00"));

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static List<Operation> operations;
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private String before;

    @BeforeAll
    static void start() {
        application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", sockets().toString(), "clocktower.http.changes-per-second", "0"));
        operations = ApiDescription.operations(application.get("q/openapi?format=json"));
    }

    private static Path sockets() {
        return directory.resolve("run");
    }

    @AfterAll
    static void stop() {
        HTTP.close();
        application.close();
    }

    @BeforeEach
    void look() {
        before = state();
    }

    /** All that calls can change. */
    private static String state() {
        List<String> devices = new ArrayList<>();
        for (JsonNode device : application.get("api/v1/devices")) {
            devices.add(device.path("name").asText() + device.path("revision") + device.path("labels")
                    + device.path("faults") + device.path("crossTimestamps")
                    + device.path("clocks").findValuesAsText("offset"));
        }
        return devices + " " + application.get("api/v1/plans");
    }

    @AfterEach
    void nothingIsChangedAndNothingFailed() throws Exception {
        assertEquals(before, state());
        assertEquals(200, application.send("q/health").statusCode());
        assertFalse(application.log().contains(" ERROR "), application::log);
        try (Stream<Path> left = Files.list(sockets())) {
            assertEquals(List.of(sockets().resolve("vm0.sock")), left.toList());
        }
    }

    private static HttpResponse<String> call(String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(application.root().resolve("/")
                + path.substring(1))).timeout(ANSWER)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .header("Content-Type", "application/json");
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    /** A problem document, that names a field or parameter unless that is empty. */
    private static void assertRefused(HttpResponse<String> response, String named) throws IOException {
        String told = response + " " + response.body();
        assertTrue(response.statusCode() >= 400 && response.statusCode() < 500, told);
        assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElse(""), told);
        if (response.request().method().equals("HEAD")) {
            return;
        }
        JsonNode problem = JSON.readTree(response.body());
        assertEquals(response.statusCode(), problem.path("status").asInt(), told);
        assertFalse(problem.path("title").asText().isEmpty(), told);
        assertFalse(problem.path("detail").asText().isEmpty(), told);
        NOT_TOLD.forEach(word -> assertFalse(response.body().contains(word), told));
        if (!named.isEmpty()) {
            assertTrue(problem.path("errors").findValuesAsText("field").contains(named), named + ": " + told);
        }
    }

    private static void assertRefused(int status, String named, HttpResponse<String> response) throws IOException {
        assertRefused(response, named);
        assertEquals(status, response.statusCode(), response::body);
    }

    private interface Attack {
        void on(Operation operation) throws Exception;
    }

    private static Stream<DynamicTest> each(Stream<Operation> attacked, Attack attack) {
        return attacked.map(operation -> dynamicTest(operation.toString(), () -> attack.on(operation)));
    }

    private static Stream<Operation> withBody() {
        return operations.stream().filter(operation -> !operation.fields().isEmpty());
    }

    @Test
    void theDescriptionHasBodies() {
        assertTrue(withBody().count() >= 7, operations::toString);
        assertTrue(withBody().flatMap(operation -> operation.fields().stream()).count() >= 80);
    }

    @TestFactory
    Stream<DynamicTest> aFieldOfAnotherTypeIsRefusedByItsName() {
        return each(withBody(), operation -> {
            for (Field field : operation.fields()) {
                for (String wrong : WRONG.get(field.type())) {
                    assertRefused(400, field.path(), call(operation.method(), operation.path(), field.body(wrong)));
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aNumberThatIsTooLargeIsRefused() {
        return each(withBody(), operation -> {
            for (Field field : operation.fields()) {
                for (String wrong : field.type().equals("integer") ? OVERFLOWS : List.<String>of()) {
                    boolean isBounded = field.format().startsWith("int") && wrong.length() < 100;
                    assertRefused(call(operation.method(), operation.path(), field.body(wrong)),
                            isBounded ? field.path() : "");
                }
                assertRefused(call(operation.method(), operation.path(), field.body("NaN")), "");
                assertRefused(call(operation.method(), operation.path(), field.body("-Infinity")), "");
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aFieldThatIsNotKnownOrComesTwiceIsRefused() {
        return each(withBody(), operation -> {
            for (Field field : operation.fields()) {
                assertRefused(400, "", call(operation.method(), operation.path(), field.twice("null")));
                if (!field.isFree()) {
                    assertRefused(400, field.sibling("noSuchField").path(),
                            call(operation.method(), operation.path(), field.sibling("noSuchField").body("1")));
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aTextThatIsNoneOrTooLongOrOfControlCharactersIsRefused() {
        return each(withBody(), operation -> {
            for (Field field : operation.fields()) {
                assertRefused(call(operation.method(), operation.path(), field.body("null")), "");
                if (field.type().equals("string")) {
                    assertRefused(413, "", call(operation.method(), operation.path(),
                            field.body('"' + "x".repeat(TOO_LONG) + '"')));
                    for (String text : List.of("\\u0000", "\\u001b[31m\\n", "\\ud800", "\\u202e", "x".repeat(60_000))) {
                        assertRefused(call(operation.method(), operation.path(), field.body('"' + text + '"')), "");
                    }
                    if (field.isConstrained()) {
                        for (String text : List.of("", " ", "5", "\\ud83d\\ude00", "1 day", "1h".repeat(20_000))) {
                            assertRefused(400, field.path(), call(operation.method(), operation.path(),
                                    field.body('"' + text + '"')));
                        }
                    }
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aBodyThatIsNoJsonOrNoObjectIsRefused() {
        return each(withBody(), operation -> {
            for (String body : NO_JSON) {
                assertRefused(400, "", call(operation.method(), operation.path(), body));
            }
            assertRefused(413, "", call(operation.method(), operation.path(), "[".repeat(TOO_LONG)));
        });
    }

    @TestFactory
    Stream<DynamicTest> aPathThatLeadsNowhereIsRefused() {
        return each(operations.stream(), operation -> {
            for (Parameter parameter : operation.parameters("path")) {
                for (String wrong : WRONG_PARAMETERS.get(parameter.type())) {
                    assertRefused(404, "", call(operation.method(), operation.path(parameter.name(), wrong),
                            operation.validBody()));
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aParameterThatIsNotOneIsRefusedByItsName() {
        return each(operations.stream(), operation -> {
            assertRefused(400, "noSuch", call(operation.method(), operation.path() + "?noSuch=1",
                    operation.validBody()));
            for (Parameter parameter : operation.parameters("query")) {
                String path = operation.path() + "?" + parameter.name() + "=";
                for (String wrong : parameter.isList() ? List.<String>of() : WRONG_PARAMETERS.get(parameter.type())) {
                    // A small number is refused where it means nothing.
                    assertRefused(400, parameter.name(), call(operation.method(), path + wrong,
                            operation.validBody()));
                }
                if (!parameter.isList()) {
                    assertRefused(400, parameter.name(), call(operation.method(),
                            path + "true&" + parameter.name() + "=false", operation.validBody()));
                }
                if (Set.of("label", "type").contains(parameter.name())) {
                    assertRefused(400, "", call(operation.method(), path + "x", operation.validBody()));
                    assertRefused(400, "", call(operation.method(), path, operation.validBody()));
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"400,over=x,over", "422,over=-PT1S,over", "422,over=P36501D,over", "400,over=PT9999999999999999H,over",
            "400,over=5,over", "422,points=0,points", "422,points=1,points", "422,points=1000000000,points",
            "400,points=1e9,points", "400,dryRun=true,dryRun"})
    void aDryRunThatCannotBeIsRefused(int status, String query, String named) throws Exception {
        assertRefused(status, named,
                call("POST", VM0 + "/faults?dryRun=true&" + query, "{\"type\":\"freeze\"}"));
        assertRefused(status, named, call("PUT", VM0 + "/offset?dryRun=true&" + query, "{\"offsetNs\":1}"));
    }

    @TestFactory
    Stream<DynamicTest> aHeaderThatIsNotOneIsRefused() {
        return each(operations.stream(), operation -> {
            for (Parameter parameter : operation.parameters("header")) {
                if (parameter.name().equals("If-Match")) {
                    for (String tag : List.of("garbage", "\"", "\"a", "*,*", ",", "", "W/", "\"a\",".repeat(2_500))) {
                        assertRefused(400, "If-Match", call(operation.method(), operation.path(),
                                operation.validBody(), "If-Match", tag));
                    }
                    for (String tag : List.of("\"a\"", "W/\"a\"", "\"a\",\"b\",".repeat(1_000) + "\"c\"")) {
                        // Of two things that are wrong the fault that is none comes first.
                        assertRefused(operation.path().contains("/f0") ? 404 : 412, "",
                                call(operation.method(), operation.path(), operation.validBody(),
                                        "If-Match", tag));
                    }
                }
            }
            if (!operation.fields().isEmpty()) {
                for (String type : List.of("text/plain", "x", "/", "application/xml",
                        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")) {
                    assertRefused(415, "", call(operation.method(), operation.path(), operation.validBody(),
                            "Content-Type", type));
                }
                assertRefused(415, "", call(operation.method(), operation.path(), operation.validBody(),
                        "Content-Encoding", "gzip"));
            }
            if (operation.answersJson()) {
                for (String type : List.of("application/xml", "image/*", "a/b;q=x", "nonsense", ",,,")) {
                    assertRefused(call(operation.method(), operation.path(), operation.validBody(), "Accept", type),
                            "");
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aMethodThatAPathDoesNotHaveIsRefusedWithThoseThatItHas() {
        return operations.stream().map(Operation::path).distinct().map(path -> dynamicTest(path, () -> {
            Set<String> allowed = new TreeSet<>(Set.of("OPTIONS"));
            operations.stream().filter(operation -> operation.path().equals(path)).map(Operation::method)
                    .forEach(allowed::add);
            if (allowed.contains("GET")) {
                allowed.add("HEAD");
            }
            String allow = String.join(", ", allowed);
            for (String method : List.of("HEAD", "GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")) {
                if (!allowed.contains(method)) {
                    HttpResponse<String> response = call(method, path, "{}");
                    assertRefused(405, "", response);
                    assertEquals(List.of(allow), response.headers().allValues("Allow"));
                }
            }
            HttpResponse<String> options = call("OPTIONS", path, null);
            assertEquals(200, options.statusCode());
            assertEquals(List.of(allow), options.headers().allValues("Allow"));
        }));
    }

    @TestFactory
    Stream<DynamicTest> readingChangesNothingWhateverIsSentWithIt() {
        return each(operations.stream().filter(operation -> operation.method().equals("GET")
                && !operation.path().endsWith("/events")), operation -> {
                    for (String body : List.of("{\"type\":\"freeze\"}", "{\"offsetNs\":5}", "x")) {
                        assertTrue(call("GET", operation.path(), body).statusCode() < 500);
                        assertTrue(call("HEAD", operation.path(), body).statusCode() < 500);
                    }
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"'offsetNs':-9223372036854775808", "'offset':'-P20800D'", "'offset':'-PT600000H'"})
    void anOffsetThatLeavesTheRangeIsRefused(String offset) throws Exception {
        String named = offset.substring(1, offset.indexOf(':') - 1).replace("Ns", "");
        String body = "{" + offset.replace('\'', '"');

        assertRefused(422, named, call("PUT", VM0 + "/offset", body + "}"));
        assertRefused(422, named, call("PUT", VM0 + "/clocks/1/offset", body + "}"));
        assertRefused(422, named, call("POST", VM0 + "/faults", body + ",\"type\":\"step\"}"));
        assertRefused(422, "steps[0].fault." + named, call("POST", "/api/v1/plans",
                "{\"steps\":[{\"devices\":[\"vm0\"],\"fault\":" + body + ",\"type\":\"step\"}}]}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1969-12-31T23:59:59.999999999Z", "2554-07-21T23:34:33.709551616Z",
            "+1000000000-12-31T23:59:59.999999999Z", "-1000000000-01-01T00:00:00Z"})
    void aTimeThatIsOutOfRangeIsRefused(String time) throws Exception {
        assertRefused(422, "time", call("POST", VM0 + "/faults", "{\"type\":\"set\",\"time\":\"" + time + "\"}"));
    }

    @ParameterizedTest
    @CsvSource({"step,offset", "slew,offset", "drift,ratePpb", "strobe,delta", "jitter,range", "set,time"})
    void aFaultOfWhichAFieldIsMissingIsRefusedByItsName(String type, String named) throws Exception {
        assertRefused(400, named, call("POST", VM0 + "/faults", "{\"type\":\"" + type + "\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/etc/x", ".", "..", "", " ", "é", "😀", "a/b", "-a", "a-", "a\\u0000b", "a b"})
    void aNameThatIsNoneIsRefused(String name) throws Exception {
        assertRefused(422, "name", call("POST", "/api/v1/devices", "{\"name\":\"" + name + "\"}"));
        assertRefused(422, "name", call("POST", "/api/v1/devices", "{\"name\":\"" + "a".repeat(64) + "\"}"));
    }

    @Test
    void aSocketThatIsNotInTheDirectoryIsRefused() throws Exception {
        Path link = Files.createSymbolicLink(sockets().resolve("link"), directory);
        Path dangling = Files.createSymbolicLink(sockets().resolve("dangling"), directory.resolve("no-such"));
        try {
            for (String socket : List.of("/etc/x.sock", "x.sock", "", "/", sockets().toString(),
                    sockets() + "/../x.sock", sockets() + "/x/../../x.sock", link + "/x.sock", dangling + "/x.sock",
                    dangling + "/x/y.sock", sockets() + "/" + "x".repeat(200), sockets() + "/a\\u0000b",
                    "/proc/self/root" + directory + "/x.sock", sockets() + "-other/x.sock")) {
                assertRefused(422, "socket", call("POST", "/api/v1/devices",
                        "{\"name\":\"x\",\"socket\":\"" + socket + "\"}"));
            }
            assertRefused(409, "", call("POST", "/api/v1/devices",
                    "{\"name\":\"x\",\"socket\":\"" + dangling + "\"}"));
            assertFalse(Files.exists(directory.resolve("no-such")));
            assertFalse(Files.exists(directory.resolve("x.sock")));
        } finally {
            Files.delete(link);
            Files.delete(dangling);
        }
    }

    @Test
    void aNameAndASocketAreHadByOneDevice() throws Exception {
        assertRefused(409, "", call("POST", "/api/v1/devices", "{\"name\":\"vm0\"}"));
        assertRefused(409, "", call("POST", "/api/v1/devices",
                "{\"name\":\"vm0\",\"socket\":\"%s/new/x.sock\"}".formatted(sockets())));
        assertRefused(409, "", call("POST", "/api/v1/devices",
                "{\"name\":\"x\",\"socket\":\"%s/vm0.sock\"}".formatted(sockets())));
    }

    @Test
    void tenMegabytesAreNotTakenIn() throws Exception {
        byte[] body = "x".repeat(TEN_MEGABYTES).getBytes(StandardCharsets.UTF_8);
        long residentKb = Processes.residentKb(application.pid());
        for (int i = 0; i < 20; i++) {
            for (boolean isAnnounced : List.of(true, false)) {
                var publisher = isAnnounced
                        ? BodyPublishers.ofByteArray(body)
                        : BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body));
                assertRefused(413, "", HTTP.send(HttpRequest.newBuilder(application.root().resolve(VM0 + "/offset"))
                        .timeout(ANSWER).header("Content-Type", "application/json").PUT(publisher).build(),
                        BodyHandlers.ofString()));
            }
        }
        long grownKb = Processes.residentKb(application.pid()) - residentKb;
        assertTrue(grownKb < TOLERANCE_KB, grownKb + " KiB more");
    }

    /** Of what is no HTTP the server itself says little, and none of it is to be read in a browser. */
    @ParameterizedTest
    @ValueSource(strings = {"PUT %s HTTP/1.1|Host: localhost|Content-Length: -1",
            "PUT %s HTTP/1.1|Host: localhost|Content-Length: x", "GET %s/%%zz HTTP/1.1|Host: localhost",
            "PUT %s HTTP/1.1|Host: localhost|Content-Length: 1|Content-Length: 2", "GET %s?label=%%zz HTTP/1.1|Host: a",
            "GET %s", "GET  HTTP/1.1|Host: localhost", "x", "GET %s HTTP/9.9|Host: localhost",
            "PUT %s HTTP/1.1|Host: localhost|Transfer-Encoding: chunked|Content-Type: application/json||zz|"})
    void whatIsNoHttpIsRefused(String request) throws Exception {
        String answer = raw(request.formatted(VM0 + "/offset").replace("|", "\r\n") + "\r\n\r\n");

        assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4") || answer.startsWith("HTTP/1.1 505")
                || answer.startsWith("HTTP/1.0 4") || answer.startsWith("HTTP/1.1 501"), answer);
        NOT_TOLD.forEach(word -> assertFalse(answer.contains(word), answer));
    }

    /** A body that is shorter than was said is no body: the caller is waited for until he goes. */
    @Test
    void aBodyThatNeverEndsChangesNothing() throws Exception {
        String head = "PUT " + VM0 + "/offset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        assertEquals("", raw(head + "Content-Length: 1000\r\n\r\n{\"offsetNs\":5}"));
        assertEquals("", raw(head + "Transfer-Encoding: chunked\r\n\r\ne\r\n{\"offsetNs\":5}\r\n"));
    }

    private static String raw(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", application.root().getPort())) {
            socket.setSoTimeout((int) ANSWER.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            return "";
        }
    }
}
