package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What bodies ask for, and how those are answered that cannot be read or cannot be had. */
class DeviceRequestTest {

    private static final String LONG = "expected a whole number from -9223372036854775808 to 9223372036854775807";
    private static final String INT = "expected a whole number from -2147483648 to 2147483647";
    private static final String TYPES = "expected one of utc, tai, monotonic, utc-smeared, utc-maybe-smeared";
    private static final String DURATION = "expected a duration with units, such as 5m, 1h30m, 500ms, 50us, 2d or PT5M"
            + " (no months or years)";

    @TempDir
    private Path directory;
    private Path sockets;
    private final ObjectMapper json = new ObjectMapper().registerModules(new JavaTimeModule(), new Jdk8Module());

    @BeforeEach
    void prepare() throws Exception {
        new StrictJson().customize(json);
        sockets = Files.createDirectory(directory.resolve("run"));
    }

    private DeviceSpec spec(String body) throws Exception {
        return json.readValue(body, DeviceRequest.class).toSpec(sockets);
    }

    @Test
    void aNameIsEnough() throws Exception {
        assertEquals(new DeviceSpec("vm1", sockets.resolve("vm1.sock"), ClockSpec.DEFAULTS, Optional.empty(),
                DeviceSpec.POLL_WINDOW, Map.of()), spec("{\"name\":\"vm1\"}"));
        assertEquals(spec("{\"name\":\"vm1\"}"), spec("""
                {"name":"vm1","socket":null,"clocks":null,"pollWindow":null,"counter":null,"labels":null}"""));
    }

    @Test
    void aDeviceIsAsItsFieldsSay() throws Exception {
        assertEquals(new DeviceSpec("vm1", sockets.resolve("sub/a.sock"), List.of(
                new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
                new ClockSpec(ClockType.UTC_SMEARED, Smearing.UTC_SLS, false),
                new ClockSpec(ClockType.UTC_MAYBE_SMEARED, Smearing.UNSPECIFIED, false)),
                Optional.of(new CounterMapping(-5, -1, 48)), Duration.ofNanos(50_000),
                new DeviceFeatures(false, true, true, false), Map.of("team", "payments")),
                spec("""
                        {"name":"vm1","socket":"%s/x/../sub/a.sock",
                         "clocks":[{"type":"utc-smeared","alarm":true},{"type":"utc-smeared","smearing":"utc-sls"},
                                   {"type":"utc-maybe-smeared","smearing":null,"alarm":null}],
                         "pollWindow":"PT0.00005S",
                         "counter":{"offset":-5,"ratio":18446744073709551615,"fractionBits":48},
                         "features":{"packed":false,"indirect":true,"alarms":false,"eventIndex":null},
                         "labels":{"team":"payments"}}""".formatted(sockets)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0.00005S", "50us", "50000ns", "pt0.00005s"})
    void durationsAreOfIsoOrAsInTheConfiguration(String window) throws Exception {
        assertEquals(Duration.ofNanos(50_000),
                spec("{\"name\":\"a\",\"pollWindow\":\"" + window + "\"}").pollWindow());
    }

    static Stream<Arguments> unreadable() {
        return Stream.of(bad("", "expected an object"), bad("{", "expected JSON (line 1, column 2)"),
                bad("{\"name\":}", "expected JSON (line 1, column 9)"), bad("nil", "expected JSON (line 1, column 1)"),
                bad("{name:1}", "expected JSON (line 1, column 2)"), bad("[]", "a list, expected an object"),
                bad("[1]", "a list, expected an object"), bad("7", "expected an object"),
                bad("\"\"", "\"\", expected an object"), bad("\"vm1\"", "a string, expected an object"),
                bad("true", "expected an object"),
                bad("{\"name\":\"a\"} {}", "expected nothing after the first value"),
                bad("{\"name\":\"a\",\"name\":\"b\"}", "duplicate field (line 1, column 19)"),
                bad("{\"name\":5}", "name: 5, expected a string"),
                bad("{\"name\":true}", "name: true, expected a string"),
                bad("{\"name\":[\"a\"]}", "name: a list, expected a string"),
                bad("{\"name\":{}}", "name: an object, expected a string"),
                bad("{\"nam\":\"a\"}",
                        "nam: unknown field (did you mean 'name'?)"),
                bad("{\"poll-window\":\"50us\"}",
                        "poll-window: unknown field (did you mean 'pollWindow'?)"),
                bad("{\"a\\nb\":1}",
                        "a\\u000ab: unknown field, expected one of clocks, counter, features, labels, mode, name, pollWindow, socket"),
                bad("{\"socket\":1}", "socket: 1, expected a string"),
                bad("{\"clocks\":{}}", "clocks: an object, expected a list"),
                bad("{\"clocks\":\"tai\"}", "clocks: a string, expected a list"),
                bad("{\"clocks\":\"\"}", "clocks: a string, expected a list"),
                bad("{\"clocks\":[\"tai\"]}", "clocks[0]: a string, expected an object"),
                bad("{\"clocks\":[{\"type\":\"utx\"}]}", "clocks[0].type: \"utx\", " + TYPES),
                bad("{\"clocks\":[{\"type\":\"UTC\"}]}", "clocks[0].type: \"UTC\", " + TYPES),
                bad("{\"clocks\":[{\"type\":\"\"}]}", "clocks[0].type: \"\", " + TYPES),
                bad("{\"clocks\":[{\"type\":\"utc\"},{\"type\":1}]}", "clocks[1].type: a number, " + TYPES),
                bad("{\"clocks\":[{\"type\":{}}]}", "clocks[0].type: an object, " + TYPES),
                bad("{\"clocks\":[{\"type\":\"%s\"}]}".formatted("x".repeat(100_000)),
                        "clocks[0].type: \"" + "x".repeat(80) + "…\", " + TYPES),
                bad("{\"clocks\":[{\"type\":\"tai\",\"smearing\":\"noon\"}]}",
                        "clocks[0].smearing: \"noon\", expected one of unspecified, noon-linear, utc-sls"),
                bad("{\"clocks\":[{\"type\":\"tai\",\"alarm\":\"true\"}]}",
                        "clocks[0].alarm: a string, expected true or false"),
                bad("{\"clocks\":[{\"type\":\"tai\",\"alarm\":1}]}", "clocks[0].alarm: 1, expected true or false"),
                bad("{\"clocks\":[{\"type\":\"tai\",\"colour\":1}]}",
                        "clocks[0].colour: unknown field, expected one of alarm, smearing, type"),
                bad("{\"pollWindow\":5}", "pollWindow: a number, " + DURATION),
                bad("{\"pollWindow\":\"5\"}", "pollWindow: \"5\", " + DURATION),
                bad("{\"pollWindow\":\"\"}", "pollWindow: \"\", " + DURATION),
                bad("{\"pollWindow\":\"5 parsecs\"}", "pollWindow: \"5 parsecs\", " + DURATION),
                bad("{\"pollWindow\":\"PT99999999999999999999S\"}",
                        "pollWindow: \"PT99999999999999999999S\" is too large for a duration"),
                bad("{\"pollWindow\":\"99999999999999999999s\"}",
                        "pollWindow: \"99999999999999999999s\" is too large for a duration"),
                bad("{\"counter\":5}", "counter: expected an object"),
                bad("{\"counter\":{\"offset\":\"5\"}}", "counter.offset: a string, " + LONG),
                bad("{\"counter\":{\"offset\":\"\"}}", "counter.offset: \"\", " + LONG),
                bad("{\"counter\":{\"offset\":true}}", "counter.offset: a boolean, " + LONG),
                bad("{\"counter\":{\"offset\":1.5}}", "counter.offset: 1.5, " + LONG),
                bad("{\"counter\":{\"offset\":1e3}}", "counter.offset: 1000.0, " + LONG),
                bad("{\"counter\":{\"offset\":9223372036854775808}}", "counter.offset: " + LONG),
                bad("{\"counter\":{\"offset\":NaN}}", "counter: expected JSON (line 1, column 25)"),
                bad("{\"counter\":{\"offset\":1,\"fractionBits\":2147483648}}", "counter.fractionBits: " + INT),
                bad("{\"counter\":{\"offset\":1,\"ratio\":0.5}}", "counter.ratio: 0.5, expected a whole number"),
                bad("{\"counter\":{\"offset\":1,\"ratio\":\"1\"}}", "counter.ratio: a string, expected a whole number"),
                bad("{\"counter\":{\"offset\":1,\"ratio\":" + "9".repeat(2000) + "}}",
                        "counter: nested too deeply, or a string or number is too long"),
                bad("{\"labels\":[]}", "labels: a list, expected an object"),
                bad("{\"labels\":{\"team\":{}}}", "labels.team: an object, expected a string"),
                bad("{\"labels\":{\"tier\":1}}", "labels.tier: 1, expected a string"),
                bad("{\"labels\":" + "[".repeat(100_000), "labels: a list, expected an object"),
                bad("{\"x\":" + "[".repeat(100_000),
                        "nested too deeply, or a string or number is too long"));
    }

    private static Arguments bad(String body, String detail) {
        return Arguments.of(body.length() > 60 ? body.substring(0, 60) + "…" : body, body, detail);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unreadable")
    void aBodyThatCannotBeReadIsToldWhere(String shown, String body, String detail) {
        Problem problem = BodyMapper
                .problem(assertThrows(JsonProcessingException.class, () -> json.readValue(body, DeviceRequest.class)));

        assertEquals(400, problem.status());
        assertEquals(detail, problem.detail());
        assertEquals(1, problem.errors().size());
        assertFalse(problem.detail().contains("clocktower.") || problem.detail().contains("java."), problem::detail);
    }

    static Stream<Arguments> missing() {
        return Stream.of(Arguments.of("{}", "name"), Arguments.of("{\"name\":null}", "name"),
                Arguments.of("{\"name\":\"a\",\"clocks\":[{}]}", "clocks[0].type"),
                Arguments.of("{\"name\":\"a\",\"clocks\":[{\"type\":\"tai\"},null]}", "clocks[1]"),
                Arguments.of("{\"name\":\"a\",\"counter\":{}}", "counter.offset"),
                Arguments.of("{\"name\":\"a\",\"labels\":{\"team\":null}}", "labels.team"),
                Arguments.of("{\"clocks\":[{},null],\"counter\":{},\"labels\":{\"team\":null}}",
                        "name,clocks[0].type,clocks[1],counter.offset,labels.team"));
    }

    @ParameterizedTest
    @MethodSource("missing")
    void allThatIsMissingIsNamed(String body, String fields) {
        Problem problem = assertThrows(FieldsException.class, () -> spec(body)).problem();

        assertEquals(400, problem.status());
        assertEquals(fields, fields(problem));
        assertTrue(problem.errors().stream().allMatch(error -> error.detail().startsWith("missing, expected ")));
    }

    private static String fields(Problem problem) {
        return problem.errors().stream().map(Problem.Error::field).collect(Collectors.joining(","));
    }

    static Stream<Arguments> impossible() {
        String clocks = IntStream.range(0, 65).mapToObj(_ -> "{\"type\":\"tai\"}").collect(Collectors.joining(","));
        return Stream.of(Arguments.of("{\"name\":\"\"}", "name"), Arguments.of("{\"name\":\"../a\"}", "name"),
                Arguments.of("{\"name\":\"a\\u0000\"}", "name"),
                Arguments.of("{\"name\":\"a\",\"pollWindow\":\"PT2S\"}", "pollWindow"),
                Arguments.of("{\"name\":\"a\",\"pollWindow\":\"-PT1S\"}", "pollWindow"),
                Arguments.of("{\"name\":\"a\",\"clocks\":[{\"type\":\"tai\",\"smearing\":\"utc-sls\"}]}",
                        "clocks[0].smearing"),
                Arguments.of("{\"name\":\"a\",\"clocks\":[" + clocks + "]}", "clocks"),
                Arguments.of("{\"name\":\"a\",\"counter\":{\"offset\":0,\"ratio\":0}}", "counter.ratio"),
                Arguments.of("{\"name\":\"a\",\"counter\":{\"offset\":0,\"ratio\":18446744073709551616}}",
                        "counter.ratio"),
                Arguments.of("{\"name\":\"a\",\"counter\":{\"offset\":0,\"ratio\":-1}}", "counter.ratio"),
                Arguments.of("{\"name\":\"a\",\"counter\":{\"offset\":0,\"fractionBits\":64}}",
                        "counter.fractionBits"),
                Arguments.of("{\"name\":\"a\",\"labels\":{\"a b\":\"x\"}}", "labels.a b"),
                Arguments.of("{\"name\":\"a\",\"labels\":{\"team\":\"x y\"}}", "labels.team"),
                Arguments.of("""
                        {"name":"a/b","socket":"/etc/a.sock","clocks":[{"type":"utc","smearing":"utc-sls"}],
                         "pollWindow":"2s","counter":{"offset":1,"ratio":0},"labels":{"-":""}}""",
                        "socket,clocks[0].smearing,counter.ratio,name,pollWindow,labels.-"));
    }

    @ParameterizedTest
    @MethodSource("impossible")
    void allThatCannotBeIsNamed(String body, String fields) {
        Problem problem = assertThrows(FieldsException.class, () -> spec(body)).problem();

        assertEquals(422, problem.status());
        assertEquals("Unprocessable Content", problem.title());
        assertEquals(fields, fields(problem));
        assertEquals(problem.errors().stream().map(error -> error.field() + ": " + error.detail())
                .collect(Collectors.joining("; ")), problem.detail());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.sock", "", "/etc/a.sock", "DIR", "DIR/", "DIR/../a.sock", "DIR/.", "DIR/x/../../a.sock",
            "DIRx/a.sock", "DIR/out/a.sock", "DIR/../run/../a.sock", "DIR/a\\u0000.sock", "DIR/leaving.sock"})
    void aSocketIsInTheSocketDirectory(String socket) throws Exception {
        Files.createSymbolicLink(sockets.resolve("out"), directory);
        Files.createSymbolicLink(sockets.resolve("leaving.sock"), Files.createFile(directory.resolve("file")));
        String body = "{\"name\":\"a\",\"socket\":\"" + socket.replace("DIR", sockets.toString()) + "\"}";

        Problem problem = assertThrows(FieldsException.class, () -> spec(body)).problem();

        assertEquals(422, problem.status());
        assertEquals("socket", fields(problem));
        assertTrue(problem.detail().endsWith("\", expected an absolute path in " + sockets), problem::detail);
    }

    @Test
    void theSocketDirectoryMayBeNamedThroughASymbolicLink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), sockets);

        for (Path named : List.of(sockets, link)) {
            DeviceSpec spec = json.readValue("{\"name\":\"a\",\"socket\":\"" + named + "/s\"}", DeviceRequest.class)
                    .toSpec(link);
            assertEquals(named.resolve("s"), spec.socket());
        }
    }

    @Test
    void aSocketHasRoomInItsAddress() {
        Problem problem = assertThrows(FieldsException.class,
                () -> spec("{\"name\":\"a\",\"socket\":\"" + sockets + "/" + "x".repeat(108) + "\"}")).problem();

        assertTrue(problem.detail().contains(" bytes, expected at most 107"), problem::detail);
    }

    @Test
    void aProblemIsWrittenWithItsFields() throws Exception {
        Problem problem = assertThrows(FieldsException.class, () -> spec("{}")).problem();

        assertEquals("""
                {"title":"Bad Request","status":400,"detail":"name: missing, expected a name",\
                "errors":[{"field":"name","detail":"missing, expected a name"}]}""", json.writeValueAsString(problem));
        assertEquals("""
                {"title":"Bad Request","status":400,"detail":"expected a JSON object as the body",\
                "errors":[{"detail":"expected a JSON object as the body"}]}""", json.writeValueAsString(
                assertThrows(FieldsException.class, () -> FieldsException.required(null)).problem()));
    }
}
