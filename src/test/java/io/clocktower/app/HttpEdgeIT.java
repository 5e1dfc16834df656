package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What reaches a resource, and what is answered instead: spellings of paths, framing of requests, errors of the server. */
class HttpEdgeIT {

    private static final String TOKEN = "a-token";
    private static final String VM0 = "/api/v1/devices/vm0";
    private static final String FREEZE = "{\"type\":\"freeze\"}";

    @TempDir
    private static Path directory;
    private static PackagedApplication open;
    private static PackagedApplication guarded;

    @BeforeAll
    static void start() throws Exception {
        open = application("open", Map.of());
        String hash = HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8)));
        guarded = application("guarded", Map.of("clocktower.auth.tokens.olga.sha256", hash,
                "clocktower.auth.tokens.olga.role", "operator"));
    }

    private static PackagedApplication application(String name, Map<String, String> properties) throws Exception {
        Path home = Files.createDirectory(directory.resolve(name));
        var all = new java.util.HashMap<>(properties);
        all.put("clocktower.socket-dir", home.resolve("run").toString());
        return PackagedApplication.start(home, all);
    }

    @AfterAll
    static void stop() {
        open.close();
        guarded.close();
    }

    @AfterEach
    void nothingFailed() {
        assertFalse(open.log().contains(" ERROR "), open::log);
        assertFalse(guarded.log().contains(" ERROR "), guarded::log);
    }

    private static RawHttp.Answer send(PackagedApplication application, String head) throws Exception {
        return new RawHttp(application.root()).send(head);
    }

    private static JsonNode faults() {
        return open.get(VM0.substring(1) + "/faults");
    }

    /** RFC 9112, "Obsolete Line Folding". */
    @Test
    void aFoldedHeaderIsRejected() throws Exception {
        String request = "DELETE " + VM0 + "/offset HTTP/1.1|Host: localhost|X: a|%sb";
        for (String fold : List.of(" ", "\t", "  ")) {
            RawHttp.Answer answer = send(open, request.formatted(fold));
            assertEquals(400, answer.status(), answer::toString);
            assertTrue(answer.isProblem(), answer::toString);
        }
        assertEquals(200, send(open, request.formatted("Y: ")).status());
    }

    /** Whatever the bytes before belong to: here a body, and a second request on the same connection. */
    @Test
    void aBodyMayHaveLinesThatBeginWithASpace() throws Exception {
        String body = "{\n \"offsetNs\":\n\t5}";
        String put = "PUT " + VM0 + "/offset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        try (Socket socket = new RawHttp(open.root())
                .open(put + put.replace("Host: localhost", "Host: localhost\r\nX:\r\n y"))) {
            assertEquals(200, RawHttp.answer(socket).status());
            assertEquals(400, RawHttp.answer(socket).status());
            assertTrue(RawHttp.isClosed(socket));
        }
    }

    /** RFC 9112, "Transfer-Encoding". */
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"xchunked;501", "chunked, xchunked;501", "gzip, chunked;501",
            "chunked|Content-Length: 5;400", "identity;501"})
    void aTransferCodingThatIsNotUnderstoodIsRejected(String coding, int status) throws Exception {
        RawHttp.Answer answer = send(open, "PUT " + VM0 + "/offset HTTP/1.1|Host: localhost|"
                + "Content-Type: application/json|Transfer-Encoding: " + coding);
        assertEquals(status, answer.status(), answer::toString);
        assertTrue(answer.isProblem(), answer::toString);
    }

    @Test
    void aTransferCodingThatTheClientWouldAcceptIsIgnored() throws Exception {
        assertEquals(200, send(open, "GET " + VM0 + " HTTP/1.1|Host: localhost|TE: xchunked").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "/%00", "/api/v1/devices/vm0/%00", "/q/health/..;/metrics", "/..;/",
            "/q/health/../metrics",
            "/q/health/%2e%2e/metrics", "/q/health;x", "/q/health/no-such", "/%2f", "/no-such",
            "http://localhost/q/metrics", "/q/health%2Flive", "//api/v1/devices"})
    void withoutACredentialNothingIsSaidOfAPath(String path) throws Exception {
        for (String method : List.of("GET", "PUT", "OPTIONS", "PROPFIND")) {
            RawHttp.Answer answer = send(guarded, method + " " + path + " HTTP/1.1|Host: localhost");
            assertEquals(401, answer.status(), answer::toString);
            assertTrue(answer.isProblem(), answer::toString);
        }
        RawHttp.Answer known = send(guarded,
                "PUT " + path + " HTTP/1.1|Host: localhost|Content-Length: 0|Authorization: Bearer " + TOKEN);
        assertTrue(List.of(400, 404, 405).contains(known.status()) && known.isProblem(), known::toString);
    }

    @Test
    void healthIsOpenToEveryone() throws Exception {
        for (String path : List.of("/q/health", "/q/health/live", "/q/health/ready", "/q/health/started",
                "/q/health/")) {
            assertEquals(200, send(guarded, "GET " + path + " HTTP/1.1|Host: localhost").status(), path);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {VM0 + "/faults;x", VM0 + ";x/faults", VM0 + "/faults;dryRun=true",
            "/api/v1;a=b/devices/vm0/faults",
            VM0 + "/faults%3Bx", VM0 + "/%66aults", VM0 + "//faults", "//api/v1/devices/vm0/faults", VM0 + "/./faults",
            VM0 + "/x/../faults", VM0 + "/x/%2e%2e/faults", VM0 + "%2Ffaults", VM0 + "/Faults",
            "/API/v1/devices/vm0/faults",
            VM0 + "/faults//", VM0 + "/faults/", VM0 + "/faults", VM0 + "/faults%20", VM0 + "\\faults"})
    void aDryRunThatIsNotUnderstoodIsNeverAChange(String path) throws Exception {
        int before = faults().size();
        for (String query : List.of("dryRun=yes", "dry-run=true", "dryrun=true", "dryRun=TRUE", "dryRun=", "dryRun",
                "dryRun=false&dryRun=true", "dryRun=true;x", "%64ry-run=true", "dryRun=true%00")) {
            RawHttp.Answer answer = new RawHttp(open.root()).sendText("POST " + path + "?" + query
                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                    + FREEZE.length()
                    + "\r\n\r\n" + FREEZE);
            assertTrue(List.of(400, 404, 405).contains(answer.status()) && answer.isProblem(), query + answer);
        }
        assertEquals(before, faults().size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"GET /api/%zz HTTP/1.1|Host: localhost;400",
            "GET /% HTTP/1.1|Host: localhost;400",
            "x;400", "GET / HTTP/9.9|Host: localhost;505", "GET / HTTP/0.9|Host: localhost;505",
            "GET / HTTP/1.1|Host: localhost|Content-Length: x;400",
            "PUT / HTTP/1.1|Host: localhost|Content-Length: 1|Content-Length: 2;400", "GET / HTTP/1.1;400",
            "GET / HTTP/1.1|Host: localhost|X y: z;400", "GET /api/v1/no-such HTTP/1.1|Host: localhost;404",
            "GET /no-such HTTP/1.1|Host: localhost;404",
            "PUT /q/metrics HTTP/1.1|Host: localhost|Content-Length: 0;405",
            "CONNECT localhost:80 HTTP/1.1|Host: localhost;404"})
    void anErrorOfTheServerIsAProblemDocument(String head, int status) throws Exception {
        RawHttp.Answer answer = send(open, head);
        assertEquals(status, answer.status(), answer::toString);
        assertTrue(answer.isProblem(), answer::toString);
    }

    @Test
    void aHeadThatIsTooLongIsAnsweredWithAProblemDocument() throws Exception {
        RawHttp.Answer path = send(open, "GET /" + "a".repeat(5_000) + " HTTP/1.1|Host: localhost");
        RawHttp.Answer header = send(open, "GET / HTTP/1.1|Host: localhost|X: " + "a".repeat(20_000));

        assertEquals(414, path.status());
        assertTrue(path.isProblem(), path::toString);
        assertEquals(431, header.status());
        assertTrue(header.isProblem(), header::toString);
    }

    /** Also of the stream of events, which would not end: more often than there are streams. */
    @Test
    void headIsAnsweredAndEnds() throws Exception {
        for (int i = 0; i < 70; i++) {
            try (Socket socket = new RawHttp(open.root()).open(
                    "HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\nGET " + VM0
                            + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
                String head = headOnly(socket);
                assertTrue(head.startsWith("HTTP/1.1 200") && head.contains("text/event-stream"), head);
                assertEquals(200, RawHttp.answer(socket).status(), "the connection is free for the next request");
            }
        }
        try (var stream = new EventStreamClient(open.root(), "", null)) {
            assertEquals(200, stream.status());
        }
        assertEquals(400, Integer.parseInt(headOnly(new RawHttp(open.root()).open(
                "HEAD /api/v1/events?type=no-such HTTP/1.1\r\nHost: localhost\r\n\r\n")).split(" ")[1]));
    }

    private static String headOnly(Socket socket) throws Exception {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = socket.getInputStream().read();
            assertTrue(next >= 0, head::toString);
            head.append((char) next);
        }
        return head.toString();
    }
}
