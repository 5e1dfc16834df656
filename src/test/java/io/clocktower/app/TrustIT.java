package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, and how much of it: every call by every role, and without one. */
class TrustIT {

    private static final String OPERATOR = "a-token-of-an-operator";
    private static final String VIEWER = "a-token-of-a-viewer";
    private static final String ABSENT = null;
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final int CHANGES_PER_SECOND = 100;
    private static final int TEN_MEGABYTES = 10_000_000;

    /**
     * A call, and how it ends for one who may make it.
     *
     * @param operation as the interface's description has it
     */
    private record Row(String operation, String path, String body, int status) {

        String method() {
            return operation.substring(0, operation.indexOf(' '));
        }

        boolean isRead() {
            return method().equals("GET");
        }

        /** The same operation on something else. */
        Row at(String otherPath, int otherStatus) {
            return new Row(operation, otherPath, body, otherStatus);
        }
    }

    /** Each operation of the description has one. A row that changes something leaves vm0 as the next one needs it. */
    private static final List<Row> OPERATIONS = List.of(
            row("GET /api/v1/devices", 200),
            row("POST /api/v1/devices", "{\"name\":\"../x\"}", 422),
            row("GET /api/v1/devices/{name}", 200),
            row("DELETE /api/v1/devices/{name}", 204).at("/api/v1/devices/no-such", 404),
            row("GET /api/v1/devices/{name}/clocks", 200),
            row("GET /api/v1/devices/{name}/clocks/{clock}", 200),
            row("GET /api/v1/devices/{name}/clocks/{clock}/offset", 200),
            row("PUT /api/v1/devices/{name}/clocks/{clock}/offset", "{\"offset\":\"-PT5M\"}", 200),
            row("DELETE /api/v1/devices/{name}/clocks/{clock}/offset", 200),
            row("GET /api/v1/devices/{name}/offset", 200),
            row("PUT /api/v1/devices/{name}/offset", "{\"offsetNs\":1}", 200),
            row("DELETE /api/v1/devices/{name}/offset", 200),
            row("GET /api/v1/devices/{name}/faults", 200),
            row("POST /api/v1/devices/{name}/faults", "{\"type\":\"freeze\"}", 201),
            row("DELETE /api/v1/devices/{name}/faults", 200),
            row("GET /api/v1/devices/{name}/faults/{fault}", 404),
            row("DELETE /api/v1/devices/{name}/faults/{fault}", 404),
            row("PATCH /api/v1/devices/{name}/faults/{fault}", "{\"reason\":\"why\"}", 404),
            row("POST /api/v1/devices/{name}/faults/{fault}/pause", "", 404),
            row("POST /api/v1/devices/{name}/faults/{fault}/resume", "", 404),
            row("GET /api/v1/faults", 200), row("DELETE /api/v1/faults", 200),
            row("GET /api/v1/devices/{name}/labels", 200),
            row("PUT /api/v1/devices/{name}/labels", "{\"team\":\"payments\"}", 200),
            row("PUT /api/v1/devices/{name}/counter", "{\"offset\":1}", 200),
            row("DELETE /api/v1/devices/{name}/counter", 204),
            row("GET /api/v1/devices/{name}/alarms", 200),
            row("GET /api/v1/devices/{name}/alarms/{clock}", 200),
            row("POST /api/v1/devices/{name}/alarms/{clock}/expire", "", 409),
            row("GET /api/v1/alarms", 200),
            row("GET /api/v1/host", 200), row("GET /api/v1/caller", 200),
            // The stream does not end, and this one does not begin.
            row("GET /api/v1/events", 200).at("/api/v1/events?type=no-such", 400),
            row("GET /api/v1/plans", 200),
            row("POST /api/v1/plans", "{\"steps\":[]}", 422),
            row("GET /api/v1/plans/{id}", 404),
            row("POST /api/v1/plans/{id}/stop", "", 404),
            row("DELETE /api/v1/plans/{id}", 404));

    /** What the description does not tell of. */
    private static final List<Row> OTHERS = List.of(
            row("GET /q/metrics", 200), row("GET /q/openapi", 200),
            row("GET /q/swagger-ui/", PackagedApplication.SWAGGER_UI),
            row("GET /api", 404), row("GET /api/v1/no-such", 404), row("POST /api/v1/no-such", "{}", 404),
            row("GET /no-such", 404), row("POST /no-such", "{}", 404), row("DELETE /q/metrics", 405),
            row("GET /api/v1/devices/no-such", 404), row("POST /api/v1/devices/{name}", "{}", 405),
            row("GET /q/health/../metrics", 404));

    private static final List<String> HEALTH = List.of("/q/health", "/q/health/live", "/q/health/ready");

    private static Row row(String operation, int status) {
        return row(operation, null, status);
    }

    private static Row row(String operation, String body, int status) {
        String path = operation.substring(operation.indexOf(' ') + 1).replace("{name}", "vm0").replace("{clock}", "0")
                .replace("{fault}", "no-such").replace("{id}", "no-such");
        return new Row(operation, path, body, status);
    }

    @TempDir
    private static Path directory;
    private static PackagedApplication open;
    private static PackagedApplication elsewhere;
    private static PackagedApplication guarded;
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void start() throws Exception {
        open = application("open", Map.of("clocktower.http.changes-per-second", "0"));
        elsewhere = application("elsewhere", Map.of("quarkus.http.host", "0.0.0.0", "clocktower.http.allowed-hosts",
                "clocktower.example,other.example"));
        guarded = application("guarded",
                Map.of("clocktower.auth.tokens.olga.sha256", sha256(OPERATOR), "clocktower.auth.tokens.olga.role",
                        "operator", "clocktower.auth.tokens.victor.sha256", sha256(VIEWER).toUpperCase(),
                        "clocktower.auth.tokens.victor.role", "viewer", "clocktower.http.changes-per-second",
                        Integer.toString(CHANGES_PER_SECOND)));
    }

    private static PackagedApplication application(String name, Map<String, String> properties) throws IOException {
        Path home = Files.createDirectory(directory.resolve(name));
        Map<String, String> all = new HashMap<>(properties);
        all.put("clocktower.socket-dir", home.resolve("run").toString());
        return PackagedApplication.start(home, all);
    }

    private static String sha256(String token) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    }

    @AfterAll
    static void stop() {
        HTTP.close();
        Stream.of(open, elsewhere, guarded).filter(application -> application != null)
                .forEach(PackagedApplication::close);
    }

    /** So a call that is added is asked for here. */
    @Test
    void everyOperationOfTheDescriptionHasARow() {
        Set<String> described = new TreeSet<>();
        open.get("q/openapi?format=json").path("paths").properties().forEach(path -> path.getValue().fieldNames()
                .forEachRemaining(method -> described.add(method.toUpperCase() + " " + path.getKey())));

        assertEquals(described, new TreeSet<>(OPERATIONS.stream().map(Row::operation).toList()));
    }

    @TestFactory
    Stream<DynamicTest> nobodyIsAskedOnLoopback() {
        return rows(open, "without a token", ABSENT, Row::status, Row::status);
    }

    @TestFactory
    Stream<DynamicTest> aTokenIsNotLookedAtWhereNobodyIsAsked() {
        return rows(open, "with some token", "some-token", Row::status, Row::status);
    }

    @TestFactory
    Stream<DynamicTest> elsewhereEverybodyReadsAndNobodyChanges() {
        return Stream.of(rows(elsewhere, "without a token", ABSENT, Row::status, _ -> 403),
                rows(elsewhere, "with some token", "some-token", Row::status, _ -> 403)).flatMap(tests -> tests);
    }

    @TestFactory
    Stream<DynamicTest> anOperatorMayEverything() {
        return rows(guarded, "as operator", OPERATOR, Row::status, Row::status);
    }

    @TestFactory
    Stream<DynamicTest> aViewerReads() {
        return rows(guarded, "as viewer", VIEWER, Row::status, _ -> 403);
    }

    @TestFactory
    Stream<DynamicTest> withoutATokenOrWithAWrongOneNothingIsAllowed() {
        return Stream.of(ABSENT, "wrong", OPERATOR + "x", OPERATOR.substring(1), "", " ")
                .flatMap(token -> rows(guarded, "with the token " + token, token, _ -> 401, _ -> 401));
    }

    @TestFactory
    Stream<DynamicTest> healthIsForEverybody() {
        return Stream.of(open, elsewhere, guarded).flatMap(application -> Stream.of(ABSENT, "wrong")
                .flatMap(token -> HEALTH.stream().map(path -> dynamicTest(path + " with " + token,
                        () -> assertEquals(200, call(application, "GET", path, token, null).statusCode())))));
    }

    private interface Expected {
        int of(Row row);
    }

    private static Stream<DynamicTest> rows(PackagedApplication application, String who, String token, Expected read,
            Expected change) {
        return Stream.of(OPERATIONS, OTHERS).flatMap(List::stream).map(row -> dynamicTest(row.operation() + ' ' + who,
                () -> {
                    int expected = row.isRead() ? read.of(row) : change.of(row);
                    HttpResponse<String> response = call(application, row.method(), row.path(), token, row.body());
                    if (expected >= 400) {
                        assertProblem(expected, response);
                    }
                    assertEquals(expected, response.statusCode(), response::body);
                    assertEquals(expected == 401 ? List.of("Bearer") : List.of(),
                            response.headers().allValues("WWW-Authenticate"));
                    assertTrue(response.headers().map().keySet().stream()
                            .noneMatch(name -> name.toLowerCase().startsWith("access-control")));
                }));
    }

    private static void assertProblem(int status, HttpResponse<String> response) throws IOException {
        assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElse(""),
                () -> response + response.body());
        JsonNode problem = new ObjectMapper().readTree(response.body());
        assertEquals(status, problem.path("status").asInt());
        assertFalse(problem.path("title").asText().isEmpty());
    }

    /** Of an answer that does not end, such as that of events, only the beginning is waited for. */
    private static HttpResponse<String> call(PackagedApplication application, String method, String path, String token,
            String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create(application.root().resolve("/") + path.substring(1)))
                .timeout(ANSWER)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .header("Content-Type", "application/json");
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<InputStream> response = HTTP.send(request.build(), BodyHandlers.ofInputStream());
        try (InputStream stream = response.body()) {
            String text = response.statusCode() < 400 ? "" : new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            return new Answer(response, text);
        }
    }

    private record Answer(HttpResponse<InputStream> of, String body) implements HttpResponse<String> {

        @Override
        public int statusCode() {
            return of.statusCode();
        }

        @Override
        public HttpRequest request() {
            return of.request();
        }

        @Override
        public java.util.Optional<HttpResponse<String>> previousResponse() {
            return java.util.Optional.empty();
        }

        @Override
        public java.net.http.HttpHeaders headers() {
            return of.headers();
        }

        @Override
        public java.util.Optional<javax.net.ssl.SSLSession> sslSession() {
            return of.sslSession();
        }

        @Override
        public URI uri() {
            return of.uri();
        }

        @Override
        public HttpClient.Version version() {
            return of.version();
        }
    }

    @Test
    void theLogSaysHowHttpIsProtectedAndNeverAToken() {
        assertTrue(open.log().contains("HTTP: bound to 127.0.0.1 without authentication: every user of this host may"),
                open::log);
        assertTrue(elsewhere.log().lines().anyMatch(line -> line.contains(" WARN ")
                && line.contains(
                        "HTTP: bound to 0.0.0.0 without authentication: everyone may read, and changes are refused")
                && line.contains("clocktower.auth.tokens")), elsewhere::log);
        assertTrue(guarded.log().contains("with authentication: 2 bearer tokens"), guarded::log);
        for (PackagedApplication application : List.of(open, elsewhere, guarded)) {
            assertFalse(application.log().contains("oken-of"), application::log);
            assertFalse(application.log().contains("OIDC"), application::log);
        }
    }

    @Test
    void theServiceGoesByItsOwnNamesOnly() throws Exception {
        for (String host : List.of("localhost", "localhost:99", "LOCALHOST", "127.0.0.1", "127.0.0.1:80", "[::1]",
                "[::1]:8090")) {
            assertEquals(200, raw(open, "GET /api/v1/devices HTTP/1.1", "Host: " + host), host);
            assertEquals(200, raw(elsewhere, "GET /api/v1/devices HTTP/1.1", "Host: " + host), host);
        }
        String machine = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        for (String host : List.of("10.1.2.3", "10.1.2.3:8090", "[fd00::1]", machine, machine + ":8090",
                "clocktower.example", "other.example:1")) {
            assertEquals(403, raw(open, "GET /api/v1/devices HTTP/1.1", "Host: " + host), host);
            assertEquals(200, raw(elsewhere, "GET /api/v1/devices HTTP/1.1", "Host: " + host), host);
            assertEquals(200, raw(elsewhere, "GET /q/health/live HTTP/1.1", "Host: " + host), host);
        }
        for (String host : List.of("evil.example", "localhost.evil.example", "evil.example:8090",
                "127.0.0.1.evil.example",
                "user@localhost", "clocktower.example.org")) {
            for (PackagedApplication application : List.of(open, elsewhere, guarded)) {
                for (String path : List.of("/api/v1/devices", "/q/health/live", "/q/metrics", "/")) {
                    int status = raw(application, "GET " + path + " HTTP/1.1", "Host: " + host);
                    // A host that is not valid is an error of the request, for which a caller must be known.
                    assertTrue(status == 403 || status == 400 || application == guarded && status == 401,
                            () -> host + " " + status);
                }
            }
        }
    }

    @Test
    void withoutAHostOnlyAnOldProtocolIsServed() throws Exception {
        assertEquals(200, raw(open, "GET /q/health/live HTTP/1.0"));
        assertEquals(400, raw(open, "GET /q/health/live HTTP/1.1"));
        assertEquals(400, raw(open, "GET /q/health/live HTTP/1.1", "Host: localhost", "Host: localhost"));
    }

    @Test
    void theRefusalNamesHeaderAndSetting() throws Exception {
        String answer = rawAnswer(open, "GET /api/v1/devices HTTP/1.1", "Host: evil.example");

        assertTrue(answer.contains("application/problem+json"), answer);
        assertTrue(answer.contains("Host: ") && answer.contains("clocktower.http.allowed-hosts"), answer);
    }

    @Test
    void aPageOfAnotherOriginChangesNothing() throws Exception {
        String own = open.root().toString().replaceFirst("/$", "");
        String path = "/api/v1/devices/vm0/counter";
        for (String origin : List.of("http://evil.example", "null", "http://127.0.0.1:1", "https://localhost")) {
            assertProblem(403, call(open, "DELETE", path, null, null, "Origin", origin));
            assertEquals(200, call(open, "GET", "/api/v1/devices", null, null, "Origin", origin).statusCode());
        }
        assertEquals(204, call(open, "DELETE", path, null, null, "Origin", own).statusCode());
        assertProblem(403, call(open, "OPTIONS", path, null, null, "Origin", "http://evil.example",
                "Access-Control-Request-Method", "DELETE"));
    }

    private static int raw(PackagedApplication application, String... head) throws IOException {
        String answer = rawAnswer(application, head);
        return Integer.parseInt(answer.split(" ", 3)[1]);
    }

    /** What a client of the JDK would not send. */
    private static String rawAnswer(PackagedApplication application, String... head) throws IOException {
        try (var socket = new Socket("127.0.0.1", application.root().getPort())) {
            socket.setSoTimeout((int) ANSWER.toMillis());
            socket.getOutputStream().write((String.join("\r\n", head) + "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /** Also where its length is not announced; and the service is as it was. */
    @Test
    void aBodyOfTenMegabytesIsRefused() throws Exception {
        byte[] body = new byte[TEN_MEGABYTES];
        java.util.Arrays.fill(body, (byte) ' ');
        body[0] = '{';
        for (BodyPublishersOf publisher : List.<BodyPublishersOf>of(BodyPublishers::ofByteArray,
                bytes -> BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes)))) {
            for (boolean isKnown : List.of(true, false)) {
                HttpRequest.Builder request = HttpRequest
                        .newBuilder(guarded.root().resolve("api/v1/devices/vm0/counter")).timeout(ANSWER)
                        .header("Content-Type", "application/json").PUT(publisher.of(body));
                if (isKnown) {
                    request.header("Authorization", "Bearer " + OPERATOR);
                }
                assertProblem(isKnown ? 413 : 401, HTTP.send(request.build(), BodyHandlers.ofString()));
            }
        }
        assertEquals(200, call(guarded, "GET", "/api/v1/devices", VIEWER, null).statusCode());
        assertFalse(guarded.log().contains("ERROR"), guarded::log);
    }

    private interface BodyPublishersOf {
        HttpRequest.BodyPublisher of(byte[] bytes);
    }

    @Test
    void aHeadThatIsTooLargeIsRefused() throws Exception {
        assertEquals(414, raw(open, "GET /" + "a".repeat(5_000) + " HTTP/1.1", "Host: localhost"));
        assertEquals(431, raw(open, "GET / HTTP/1.1", "Host: localhost", "X: " + "a".repeat(20_000)));
    }

    @Test
    void anUnexpectedContentTypeIsRefusedWithAProblem() throws Exception {
        var request = HttpRequest.newBuilder(open.root().resolve("api/v1/devices/vm0/counter")).timeout(ANSWER)
                .header("Content-Type", "text/plain").PUT(BodyPublishers.ofString("x")).build();

        assertProblem(415, HTTP.send(request, BodyHandlers.ofString()));
    }

    /** Those of a caller who makes too many, and nobody else's. */
    @Test
    void aCallerMayMakeSoManyChanges() throws Exception {
        Path home = Files.createDirectory(directory.resolve("rate"));
        Map<String, String> properties = new HashMap<>(Map.of("clocktower.socket-dir", home.resolve("run").toString(),
                "clocktower.http.changes-per-second", "1"));
        for (String name : List.of("first", "second")) {
            properties.put("clocktower.auth.tokens." + name + ".sha256", sha256(name));
            properties.put("clocktower.auth.tokens." + name + ".role", "operator");
        }
        try (var application = PackagedApplication.start(home, properties)) {
            String path = "/api/v1/devices/vm0/counter";
            List<HttpResponse<String>> refused = new ArrayList<>();
            Set<Integer> statuses = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                HttpResponse<String> response = call(application, "DELETE", path, "first", null);
                statuses.add(response.statusCode());
                if (response.statusCode() == 429) {
                    refused.add(response);
                }
            }
            assertEquals(Set.of(204, 429), statuses);
            assertProblem(429, refused.getFirst());
            assertEquals("1", refused.getFirst().headers().firstValue("Retry-After").orElse(""));
            assertEquals(204, call(application, "DELETE", path, "second", null).statusCode());
            assertEquals(200, call(application, "GET", "/api/v1/devices", "first", null).statusCode());

            long lines = application.log().lines().filter(line -> line.endsWith(" 429")).count();
            assertTrue(lines > 0 && lines < refused.size(), "a few of those that were refused are in the log");
        }
    }

    @Test
    void aChangeIsALineInTheLog() throws Exception {
        call(guarded, "PUT", "/api/v1/devices/vm0/counter", OPERATOR, "{\"offset\":77}");
        call(guarded, "DELETE", "/api/v1/devices/vm0/counter?x=%0aINFO", VIEWER, null);
        call(open, "PUT", "/api/v1/devices/vm0/counter", null, "{\"offset\":78}");

        assertAudited(guarded, "olga (token, 127.0.0.1): PUT /api/v1/devices/vm0/counter 200: vm0 counter: ");
        assertAudited(guarded, "victor (token, 127.0.0.1): DELETE /api/v1/devices/vm0/counter 403");
        assertAudited(open, "anonymous (127.0.0.1): PUT /api/v1/devices/vm0/counter 200: vm0 counter: ");
    }

    private static void assertAudited(PackagedApplication application, String line) throws Exception {
        long end = System.nanoTime() + ANSWER.toNanos();
        while (!application.log().contains("[io.cl.audit] " + line)) {
            assertTrue(System.nanoTime() < end, application::log);
            Thread.onSpinWait();
        }
    }

    @Test
    void aConfigurationThatProtectsNothingIsRefused() throws Exception {
        String auth = "clocktower.auth.";
        Path file = Files.writeString(directory.resolve("tokens.torn"), "# name role hash\nolga operator abc\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        assertRefused("clocktower.auth.tokens.x.sha256: (not shown), expected the 64 hex digits of a SHA-256",
                Map.of(auth + "tokens.x.sha256", "s3cret", auth + "tokens.x.role", "viewer"));
        assertRefused(auth + "tokens.x.role",
                Map.of(auth + "tokens.x.sha256", sha256("x"), auth + "tokens.x.role", "king"));
        assertRefused(auth + "tokens.x.token: (not shown), unknown key",
                Map.of(auth + "tokens.x.sha256", sha256("x"), auth + "tokens.x.role", "viewer",
                        auth + "tokens.x.token", "s3cret"));
        assertRefused(auth + "tokens-file: " + file + ": line 2: expected a name",
                Map.of(auth + "tokens-file", file.toString()));
        assertRefused(auth + "tokens-file: /no/such: does not exist", Map.of(auth + "tokens-file", "/no/such"));
        assertRefused(auth + "certificates: expected a TLS configuration",
                Map.of(auth + "certificates.alice", "viewer"));
        assertRefused("clocktower.http.changes-per-second: -1, expected 0 to",
                Map.of("clocktower.http.changes-per-second", "-1"));
        assertRefused("clocktower.http.allowed-hosts: a/b, expected a name",
                Map.of("clocktower.http.allowed-hosts", "x,a/b"));
    }

    private static void assertRefused(String reason, Map<String, String> properties) throws IOException {
        Path home = Files.createTempDirectory(directory, "refused");
        Map<String, String> all = new HashMap<>(properties);
        all.put("clocktower.socket-dir", home.resolve("run").toString());

        PackagedApplication.End end = PackagedApplication.refuse(home, all);

        List<String> lines = end.output().lines().filter(line -> !line.contains(" INFO ")).toList();
        assertEquals(1, end.status());
        assertEquals(1, lines.size(), end::output);
        assertTrue(lines.getFirst().startsWith("Clocktower does not start: ") && lines.getFirst().contains(reason),
                end::output);
        assertFalse(end.output().contains("s3cret"), end::output);
        assertFalse(Files.exists(home.resolve("run")), "no socket was made");
    }
}
