package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways in which callers of the packaged application prove who they are. */
class CredentialsIT {

    private static final Duration CHANGE = Duration.ofSeconds(10);
    private static final String DEVICES = "api/v1/devices";
    private static final String COUNTER = "api/v1/devices/vm0/counter";

    @TempDir
    private Path directory;

    private PackagedApplication start(Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        all.put("clocktower.socket-dir", directory.resolve("run").toString());
        return PackagedApplication.start(directory, all);
    }

    private static int status(HttpClient http, URI uri, String method, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(CHANGE).method(method,
                BodyPublishers.noBody());
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        var response = http.send(request.build(), BodyHandlers.ofString());
        if (response.statusCode() >= 400) {
            assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElse(""));
        }
        return response.statusCode();
    }

    private static String line(String name, String role, String token) throws Exception {
        return "%s %s %s\n".formatted(name, role, HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void tokensAreReadAgainWhenTheirFileChanges() throws Exception {
        Path file = directory.resolve("tokens");
        Files.writeString(file, "# ours\n" + line("ann", "operator", "first"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        try (var application = start(Map.of("clocktower.auth.tokens-file", file.toString()));
                HttpClient http = HttpClient.newHttpClient()) {
            URI devices = application.root().resolve(DEVICES);
            assertEquals(200, status(http, devices, "GET", "first"));
            assertEquals(401, status(http, devices, "GET", "second"));
            assertTrue(application.log().contains(file + " is readable by every user"), application::log);

            Files.writeString(file, line("bob", "viewer", "second").substring(0, 30));
            await(() -> application.log().contains(file + ": line 1: expected a name"));
            assertEquals(200, status(http, devices, "GET", "first"), "a torn file changes nothing");

            Path other = Files.writeString(directory.resolve("tokens.new"), line("bob", "viewer", "second"));
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
            await(() -> application.log().contains(file + " was read again: 1 tokens"));
            assertEquals(401, status(http, devices, "GET", "first"));
            assertEquals(200, status(http, devices, "GET", "second"));
            assertEquals(403, status(http, application.root().resolve(COUNTER), "DELETE", "second"));

            Files.delete(file);
            await(() -> application.log().contains(file + ": does not exist; the previous tokens stay in use"));
            assertEquals(200, status(http, devices, "GET", "second"));
            assertEquals(1, application.log().lines().filter(line -> line.contains("does not exist")).count());
        }
    }

    private static void await(BooleanSupplier demand) {
        long end = System.nanoTime() + CHANGE.toNanos();
        while (!demand.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "the log does not say so");
            Thread.onSpinWait();
        }
    }

    @Test
    void tokensOfAnIssuerAreAcceptedBesideOnesOwn() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens"), line("ann", "operator", "own"));
        try (var issuer = new FakeIssuer();
                var application = start(Map.of("quarkus.oidc.auth-server-url", issuer.url(),
                        "clocktower.auth.tokens-file", file.toString()));
                HttpClient http = HttpClient.newHttpClient()) {
            URI devices = application.root().resolve(DEVICES);
            URI counter = application.root().resolve(COUNTER);
            assertEquals(200, status(http, devices, "GET", issuer.token("olga", "operator")));
            assertEquals(204, status(http, counter, "DELETE", issuer.token("olga", "operator")));
            assertEquals(200, status(http, devices, "GET", issuer.token("victor", "viewer")));
            assertEquals(403, status(http, counter, "DELETE", issuer.token("victor", "viewer")));
            assertEquals(403, status(http, devices, "GET", issuer.token("nina", "nobody")));
            assertEquals(204, status(http, counter, "DELETE", "own"));

            assertEquals(401, status(http, devices, "GET", null));
            assertEquals(401, status(http, devices, "GET", issuer.expiredToken("olga", "operator")));
            assertEquals(401, status(http, devices, "GET", issuer.token("olga", "operator") + "x"));
            assertEquals(401, status(http, devices, "GET", FakeIssuer.token(issuer.url(), "olga", "operator",
                    Instant.now().plusSeconds(60), FakeIssuer.newKeys())));
            assertEquals(401, status(http, devices, "GET", "neither"));
            assertEquals(200, status(http, application.root().resolve("q/health/live"), "GET", "neither"));

            assertTrue(application.log().contains("olga (oidc, 127.0.0.1): DELETE /" + COUNTER + " 204"),
                    application::log);
            assertTrue(application.log().contains("with authentication: 1 bearer tokens, OIDC"),
                    application::log);
            assertFalse(application.log().contains("eyJ"), "no token in the log");
        }
    }

    @Test
    void anIssuerThatIsAwayIsNobodysFault() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens"), line("ann", "operator", "own"));
        String url;
        String token;
        try (var issuer = new FakeIssuer()) {
            url = issuer.url();
            token = issuer.token("olga", "operator");
        }
        try (var application = start(Map.of("quarkus.oidc.auth-server-url", url, "clocktower.auth.tokens-file",
                file.toString())); HttpClient http = HttpClient.newHttpClient()) {
            assertEquals(200, status(http, application.root().resolve(DEVICES), "GET", "own"));
            assertEquals(503, status(http, application.root().resolve(DEVICES), "GET", token));
        }
    }

    @Test
    void certificatesHaveRolesOverTls() throws Exception {
        var stores = new KeyStores(directory);
        Path server = stores.key("server", "CN=clocktower");
        Path olga = stores.key("olga", "CN=olga,O=Operators");
        Path victor = stores.key("victor", "CN=victor smith");
        Path nina = stores.key("nina", "CN=nina");
        Path stranger = stores.key("stranger", "CN=olga");
        Path impostor = stores.key("impostor", "CN=olga,O=Operators");
        Path clients = stores.trust("clients", "olga", "victor", "nina");
        Path trusted = stores.trust("trusted", "server");
        Path file = Files.writeString(directory.resolve("tokens"), line("ann", "viewer", "own"));
        int port = freePort();
        Map<String, String> properties = new HashMap<>(Map.of("quarkus.http.ssl-port", Integer.toString(port),
                "quarkus.tls.https.key-store.p12.path", server.toString(), "quarkus.tls.https.key-store.p12.password",
                KeyStores.PASSWORD, "quarkus.tls.https.trust-store.p12.path", clients.toString(),
                "quarkus.tls.https.trust-store.p12.password", KeyStores.PASSWORD, "quarkus.http.tls-configuration-name",
                "https", "clocktower.auth.certificates.olga", "operator",
                "clocktower.auth.certificates.\"victor smith\"", "viewer"));
        properties.put("clocktower.auth.tokens-file", file.toString());
        try (var application = start(properties)) {
            application.awaitListening();
            URI root = URI.create("https://localhost:" + port + "/");
            assertEquals(401, over(KeyStores.client(trusted, null), root.resolve(DEVICES), "GET", null));
            assertEquals(200, over(KeyStores.client(trusted, null), root.resolve(DEVICES), "GET", "own"));
            assertEquals(200, over(KeyStores.client(trusted, null), root.resolve("q/health/live"), "GET", null));
            assertEquals(200, over(KeyStores.client(trusted, olga), root.resolve(DEVICES), "GET", null));
            assertEquals(204, over(KeyStores.client(trusted, olga), root.resolve(COUNTER), "DELETE", null));
            assertEquals(200, over(KeyStores.client(trusted, victor), root.resolve(DEVICES), "GET", null));
            assertEquals(403, over(KeyStores.client(trusted, victor), root.resolve(COUNTER), "DELETE", null));
            assertEquals(403, over(KeyStores.client(trusted, nina), root.resolve(DEVICES), "GET", null));
            // A client does not show the certificate of an authority that it was not asked for, unless it lies.
            assertEquals(401, over(KeyStores.client(trusted, stranger), root.resolve(DEVICES), "GET", null));
            assertThrows(IOException.class,
                    () -> over(KeyStores.client(trusted, impostor), root.resolve(DEVICES), "GET", null));
            try (HttpClient plain = HttpClient.newHttpClient()) {
                assertEquals(401, status(plain, application.root().resolve(DEVICES), "GET", null));
            }
            assertTrue(application.log().contains("olga (certificate, 127.0.0.1): DELETE /" + COUNTER + " 204"),
                    application::log);
            assertTrue(application.log().contains("1 bearer tokens, 2 client certificates, over TLS"),
                    application::log);
        }
    }

    /** The bytes that a stream is sent until it ends; it is opened before. */
    private static void awaitEnd(java.net.Socket stream) throws IOException {
        stream.setSoTimeout(10_000);
        stream.getInputStream().readAllBytes();
    }

    private static java.net.Socket stream(PackagedApplication application, String token) throws IOException {
        java.net.Socket stream = new RawHttp(application.root())
                .open("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                        + "Connection: close\r\nAuthorization: Bearer " + token + "\r\n\r\n");
        String head = RawHttp.answer(stream).head();
        assertTrue(head.startsWith("HTTP/1.1 200"), head);
        return stream;
    }

    @Test
    void anEventStreamEndsWithTheRightThatOpenedIt() throws Exception {
        Path file = Files.writeString(directory.resolve("tokens"),
                line("ann", "operator", "first") + line("bob", "viewer", "second") + line("eve", "operator", "third"));
        try (var issuer = new FakeIssuer();
                var application = start(Map.of("clocktower.auth.tokens-file", file.toString(),
                        "quarkus.oidc.auth-server-url", issuer.url()));
                HttpClient http = HttpClient.newHttpClient()) {
            java.net.Socket stays = stream(application, "first");
            java.net.Socket removed = stream(application, "second");
            java.net.Socket demoted = stream(application, "third");
            java.net.Socket expires = stream(application, FakeIssuer.token(issuer.url(), "victor", "viewer",
                    Instant.now().plusSeconds(5), issuer.keys()));

            Path next = Files.writeString(directory.resolve("next"),
                    line("ann", "operator", "first") + line("eve", "viewer", "third"));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            awaitEnd(removed);
            awaitEnd(demoted);
            awaitEnd(expires);
            assertEquals(401, status(http, application.root().resolve(DEVICES), "GET", "second"));

            assertEquals(204, status(http, application.root().resolve("api/v1/devices/vm0/faults"), "DELETE", "first"));
            stays.setSoTimeout(1_000);
            assertThrows(java.net.SocketTimeoutException.class, () -> stays.getInputStream().readAllBytes());
            stays.close();
        }
    }

    /** The old certificate is served on, and the log has one warning until the files are good again. */
    @Test
    void aCertificateThatCannotBeLoadedIsSaidOnce() throws Exception {
        var keys = new KeyStores(directory);
        Path server = keys.key("server", "CN=localhost");
        Path other = keys.key("other", "CN=other");
        Path trusted = keys.trust("trusted", "server", "other");
        byte[] good = Files.readAllBytes(server);
        int port = freePort();
        try (var application = start(Map.of("quarkus.http.ssl-port", Integer.toString(port),
                "quarkus.tls.key-store.p12.path", server.toString(), "quarkus.tls.key-store.p12.password",
                KeyStores.PASSWORD, "quarkus.tls.reload-period", "250ms"))) {
            application.awaitListening();
            URI root = URI.create("https://localhost:" + port + "/");
            double expiry = expiry(application);
            assertEquals(Instant.now().getEpochSecond() + 30 * 86_400, expiry, 600);
            Files.write(server, "garbage".getBytes(StandardCharsets.US_ASCII));
            String warning = "TLS: cannot load " + server + ": ";
            await(() -> application.log().contains(warning));
            awaitReloads(application, root, trusted);
            assertEquals(1, application.log().lines().filter(line -> line.contains("TLS: ")).count(), application::log);
            assertTrue(application.log().lines().anyMatch(line -> line.contains(" WARN ") && line.contains(warning)));
            assertEquals(expiry, expiry(application));

            Files.write(server, good);
            await(() -> application.log().contains("TLS: the certificate files can be loaded again"));
            awaitReloads(application, root, trusted);
            Files.write(server, Files.readAllBytes(other));
            await(() -> application.log().contains("TLS: a new certificate of CN=other is served, valid until "));
            awaitReloads(application, root, trusted);
            assertEquals(3,
                    application.log().lines().filter(line -> line.contains("TLS") || line.contains("certificate"))
                            .count(),
                    application::log);
        }
    }

    /** Several periods, in which calls are answered. */
    private static void awaitReloads(PackagedApplication application, URI root, Path trusted) throws Exception {
        long endNs = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (System.nanoTime() < endNs) {
            assertEquals(200, over(KeyStores.client(trusted, null), root.resolve(DEVICES), "GET", null));
        }
    }

    private static double expiry(PackagedApplication application) throws IOException {
        String name = "clocktower_tls_certificate_expiry_timestamp_seconds ";
        return application.send("q/metrics").body().lines().filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length()))).findFirst().orElseThrow();
    }

    private static int over(SSLContext tls, URI uri, String method, String token) throws Exception {
        try (HttpClient http = HttpClient.newBuilder().sslContext(tls).build()) {
            return status(http, uri, method, token);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
