package io.clocktower.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console of a service that requires tokens. */
class SignInIT {

    private static final String VIEWER = "victor viewer ";
    private static final String OPERATOR = "alice operator ";

    @TempDir
    private static Path directory;

    private static PackagedApplication application;
    private static Chromium chromium;

    private Page page;

    @BeforeAll
    static void start() throws Exception {
        chromium = Chromium.start(Files.createDirectory(directory.resolve("chromium")));
        allow(VIEWER + sha256("of-victor"), OPERATOR + sha256("of-alice"));
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.auth.tokens-file", tokens().toString()));
    }

    @AfterAll
    static void stop() {
        try (var _ = chromium; var _ = application) {
            assertEquals(true, application.isRunning());
        }
    }

    @BeforeEach
    void open() throws Exception {
        allow(VIEWER + sha256("of-victor"), OPERATOR + sha256("of-alice"));
        page = chromium.open();
        page.go(application.root());
    }

    @AfterEach
    void close() {
        page.close();
    }

    private static Path tokens() {
        return directory.resolve("tokens");
    }

    /** The service reads the file again when it is another one. */
    private static void allow(String... lines) throws IOException {
        Path next = Files.writeString(directory.resolve("tokens.next"), String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        Files.move(next, tokens(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String sha256(String token) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    }

    private void signIn(String token) {
        page.fill("dialog input", token);
        page.click("dialog button", "Sign in");
    }

    @Test
    void aViewerSeesEverythingAndNoButtonThatChangesSomething() {
        signIn("of-victor");
        page.awaitText("#rows .who", "vm0");
        page.awaitText("#caller", "victor read only");
        assertNoButtons();
        page.click("#rows a", "vm0");
        page.awaitText("section[aria-label=Clocks]", "utc-smeared");
        assertNoButtons();
        page.click("nav a", "Plans");
        page.awaitText("main", "No plan");
        assertNoButtons();
    }

    private void assertNoButtons() {
        assertEquals("[]",
                page.evaluate("JSON.stringify([...document.querySelectorAll('main form, main input[type=checkbox],"
                        + " main button:not(.filter, .link)')].map(it => it.outerHTML))").asText());
    }

    @Test
    void theTokenIsInMemoryAlone() {
        signIn("of-alice");
        page.awaitText("#restore", "Restore true time");
        assertEquals(0, page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length").asInt());
        assertEquals(false, page.evaluate("document.documentElement.outerHTML.includes('of-alice')").asBoolean());
        page.reload();
        page.awaitText("dialog", "requires a bearer token");
    }

    @Test
    void aWrongTokenIsAskedForAgainAndNoneIsAskedForOnce() {
        signIn("of-mallory");
        page.awaitText("dialog", "not valid");
        page.click("dialog button", "Not now");
        page.awaitText("main", "credential is not valid");
        page.await("document.querySelector('dialog') === null");
        page.click("header button", "Sign in");
        signIn("of-victor");
        page.awaitText("#rows .who", "vm0");
    }

    @Test
    void aTokenThatExpiresIsReplacedAndTheFormIsAsItWas() throws Exception {
        signIn("of-alice");
        page.click("#rows a", "vm0");
        page.fill("#f-offset", "-9s");
        page.awaitText("#link", "Live");
        allow(VIEWER + sha256("of-victor"), OPERATOR + sha256("of-alice-again"));
        page.awaitText("dialog", "The token is not valid, or no longer");
        signIn("of-alice-again");
        page.awaitText("#link", "Live");
        assertEquals("-9s", page.evaluate("document.querySelector('#f-offset').value").asText());
        page.click("#fault-form button", "Preview");
        page.awaitText(".preview", "−9 s");
        page.click("#fault-form button", "Apply");
        page.awaitText("#faults", "by alice");
        page.click("#faults button", "Revert");
        page.awaitText("section[aria-label=Faults]", "None");
    }

    @ParameterizedTest
    @ValueSource(strings = {"console/", "console/console.js", "console/lit-html/lit-html.js", "console/kinds.json"})
    void theFilesAreForEveryone(String path) throws Exception {
        assertEquals(200, application.send(path).statusCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"api/v1/devices", "api/v1/caller", "console/..%2fapi/v1/devices",
            "consoles", "Console/", "console/x;y"})
    void nothingElseIs(String path) throws Exception {
        assertEquals(401, application.send(path).statusCode());
    }

    /** Its paths are then as closed as any other. */
    @Test
    void aConsoleThatIsOffIsNotServed(@TempDir Path other) throws Exception {
        try (var off = PackagedApplication.start(other, Map.of("clocktower.socket-dir", other.toString(),
                "clocktower.auth.tokens-file", tokens().toString(), "clocktower.console.enabled", "false"))) {
            for (String path : List.of("", "console/", "console/console.js", "console/kinds.json")) {
                assertEquals(401, off.send(path).statusCode(), path);
                assertEquals(404, off.send("GET", path, null, "Authorization", "Bearer of-alice").statusCode(), path);
            }
        }
    }

    @Test
    void aPostToTheConsoleIsAChange() throws Exception {
        assertEquals(401, application.send("POST", "console/", "{}").statusCode());
        assertEquals(404, application.send("POST", "console/", "{}", "Authorization", "Bearer of-alice").statusCode());
        assertEquals(List.of(), page.errors().stream().filter(error -> error.contains("Content Security")).toList());
    }
}
