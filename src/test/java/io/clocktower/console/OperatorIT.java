package io.clocktower.console;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.PackagedApplication;
import io.clocktower.fault.EffectKind;
import io.clocktower.frontend.Guest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An operator at the console of the packaged application, in a real browser, with a guest that reads its clocks. */
class OperatorIT {

    @TempDir
    private static Path directory;

    private static PackagedApplication application;
    private static Guest guest;
    private static Chromium chromium;

    private Page page;

    @BeforeAll
    static void start() throws Exception {
        chromium = Chromium.start(Files.createDirectory(directory.resolve("chromium")));
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.devices.vm0.labels.team", "payments", "clocktower.shutdown-grace", "0s"));
        guest = new Guest(directory.resolve("vm0.sock"));
        read();
    }

    @AfterAll
    static void stop() throws Exception {
        try (var _ = chromium; var _ = application; var _ = guest) {
            assertTrue(application.isRunning());
        }
    }

    @BeforeEach
    void open() {
        page = chromium.open();
        page.go(application.root());
    }

    @AfterEach
    void restore() throws Exception {
        page.close();
        application.send("DELETE", "api/v1/devices/vm0/faults", null);
    }

    private static void read() {
        assertEquals(0, guest.request(ofClock(READ, 0), 16).status());
    }

    @Test
    void theRootLeadsToTheDevices() {
        page.awaitText("#rows .who", "vm0");
        page.awaitText("#rows .label", "team=payments");
        page.awaitText("#rows .state", "running");
        page.awaitText("#link", "Live");
        assertEquals("/console/", page.evaluate("location.pathname").asText());
        page.await("Math.abs(Date.parse(`1970-01-01T${document.getElementById('true-time').innerText}Z`)"
                + " - Date.now() % 86400000) < 2000");
        assertEquals(List.of(), page.errors());
    }

    @Test
    void aFaultIsPreviewedAppliedSeenReadAndReverted() {
        page.click("#rows a", "vm0");
        page.awaitText("h1", "vm0");
        page.fill("#f-offset", "-5m");
        page.fill("#f-duration", "10m");
        page.fill("#f-reason", "CHG-1234");
        page.click("#fault-form button", "Preview");
        page.awaitText(".preview", "−5 min");
        assertEquals(0, application.get("api/v1/devices/vm0/faults").size());

        page.click("#fault-form button", "Apply");
        page.awaitText("#faults", "step −5 min");
        page.awaitText("#faults .reason", "CHG-1234");
        page.awaitText("#faults .mark", "not read");
        page.awaitText("#faults .left", "09:");
        page.awaitText("#offset", "−5 min");
        page.awaitText(".timeline", "fault-injected");
        read();
        page.awaitText("#faults .mark", "read 1×");

        page.click("#restore", "Restore true time");
        page.awaitText("section[aria-label=Faults]", "None");
        page.awaitText("#offset", "0");
        page.awaitText(".timeline", "fault-reverted");
        assertEquals(0, application.get("api/v1/devices/vm0/faults").size());
        assertEquals(List.of(), page.errors());
    }

    @Test
    void aFaultIsPausedAndResumed() throws Exception {
        application.send("POST", "api/v1/devices/vm0/faults",
                "{\"type\": \"step\", \"offset\": \"-5m\", \"duration\": \"10m\"}");
        page.go(application.root().resolve("console/#/devices/vm0"));
        page.awaitText("#offset", "−5 min");
        page.click("#faults button", "Pause");
        page.awaitText("#faults .mark", "paused");
        page.awaitText("#faults .left", "left");
        page.await("document.getElementById('offset').innerText === '0'");
        page.click("#faults button", "Resume");
        page.awaitText("#offset", "−5 min");
        page.awaitText("#faults .left", "09:");
    }

    /** Of each kind: a field, what is typed into it, and a part of what the page says of it. */
    @ParameterizedTest
    @CsvSource({"step, offset, '', needed", "step, offset, 5 min, 5 min", "step, offset, 1 year, 1 year",
            "step, duration, -5s, '-'", "step, start, tomorrow, tomorrow", "set, time, noon, noon",
            "drift, ratePpb, 1.5, whole number", "drift, ratePpb, -1000000000, '-1000000000'",
            "slew, ratePpb, x, whole number",
            "jitter, range, -1s, '-'", "jitter, interval, 1ns, 1", "jitter, seed, 9007199254740993, whole number",
            "strobe, delta, ?, '?'", "strobe, period, 0s, 0", "leap-second, month, 2026-13, 2026-13"})
    void aFieldThatIsWrongSaysWhatIsWrong(String type, String field, String text, String said) {
        page.go(application.root().resolve("console/#/devices/vm0"));
        page.awaitText("#link", "Live");
        page.click(".kind", type);
        page.await("document.querySelector('.kind input:checked').value === '%s'".formatted(type));
        page.await("document.getElementById('f-%s')".formatted(field));
        Map<String, String> valid = Map.of("offset", "-5m", "time", "2030-12-31T23:59:50Z", "ratePpb", "1000", "range",
                "50ms", "interval", "1s", "delta", "1h", "period", "10s", "month", "2030-12");
        valid.forEach((name, value) -> {
            if (page.evaluate("document.querySelector('#f-%s') !== null".formatted(name)).asBoolean()) {
                page.fill("#f-" + name, value);
            }
        });
        page.fill("#f-" + field, text);
        page.click("#fault-form button", "Preview");
        page.awaitText("#f-%s-note.error".formatted(field), said);
        page.await("document.activeElement.id === 'f-%s'".formatted(field));
        assertEquals("true", page.evaluate("document.activeElement.getAttribute('aria-invalid')").asText());
        assertEquals(0, application.get("api/v1/devices/vm0/faults").size());
    }

    @Test
    void eachKindOfFaultHasAFormWhosePreviewIsADryRun() {
        page.go(application.root().resolve("console/#/devices/vm0"));
        Map<String, Map<String, String>> values = Map.of("step", Map.of("offset", "1h"), "set",
                Map.of("time", "2030-01-01T00:00:00Z"), "drift", Map.of("ratePpb", "100000"), "slew",
                Map.of("offset", "1s", "ratePpb", "500000"), "freeze", Map.of(), "jitter",
                Map.of("range", "50ms", "interval", "1s"), "strobe", Map.of("delta", "1h", "period", "10s"),
                "leap-second", Map.of("month", "2030-12"));
        assertEquals(Set.copyOf(EffectKind.names()), values.keySet());
        values.forEach((type, fields) -> {
            page.click(".kind", type);
            page.await("document.querySelectorAll('#fault-form .needed').length === %d".formatted(
                    type.equals("leap-second") ? 2 : fields.size()));
            fields.forEach((name, value) -> page.fill("#f-" + name, value));
            page.click("#fault-form button", "Preview");
            page.awaitText(".preview", "Dry run");
            page.await("document.querySelector('.plot .future').getAttribute('d').split('L').length > 200");
        });
        assertEquals(0, application.get("api/v1/devices/vm0/faults").size());
        assertEquals(List.of(), page.errors());
    }

    @Test
    void markupIsShownAsText() throws Exception {
        String reason = "<img src=x onerror=alert(1)><b>bold</b>";
        application.send("POST", "api/v1/devices/vm0/faults",
                "{\"type\": \"step\", \"offset\": \"1s\", \"reason\": \"%s\"}".formatted(reason));
        page.go(application.root().resolve("console/#/devices/vm0"));
        page.awaitText("#faults .reason", reason);
        page.awaitText(".timeline", reason);
        assertEquals(0, page.evaluate("document.querySelectorAll('main img, main b b').length").asInt());
        assertEquals(List.of(), page.errors());
    }

    @Test
    void whoElseChangedTheDeviceSinceThePreviewIsNamed() throws Exception {
        page.go(application.root().resolve("console/#/devices/vm0"));
        page.awaitText("#link", "Live");
        page.fill("#f-offset", "1h");
        page.click("#fault-form button", "Preview");
        page.awaitText(".preview", "+1 h");
        application.send("POST", "api/v1/devices/vm0/faults", "{\"type\": \"step\", \"offset\": \"-7s\"}");
        page.awaitText("#faults", "step −7 s");
        page.click("#fault-form button", "Apply");
        page.awaitText("#fault-form .problem", "vm0 was changed since your preview; nothing was applied");
        page.awaitText("#fault-form .problem", "anonymous: fault-injected");
        assertEquals(1, application.get("api/v1/devices/vm0/faults").size());

        page.click("#fault-form button", "Preview");
        page.awaitText(".preview", "+59 min 53 s");
        page.click("#fault-form button", "Apply");
        page.awaitText("#faults", "step +1 h");
    }

    @Test
    void aPlanIsPreviewedRunAndStopped() {
        page.go(application.root().resolve("console/#/plans"));
        page.click("header button", "Run a plan");
        page.fill("#plan", "{\"steps\": [{\"devices\": [\"vm0\"], \"fault\": {\"type\": \"step\"}}]}");
        page.click("form button", "Preview");
        page.awaitText("#plan-note.error", "offset");
        page.fill("#plan", "{\"name\": \"skew\", \"steps\": [{\"label\": [\"team=payments\"], \"fault\":"
                + " {\"type\": \"step\", \"offset\": \"-5m\"}}, {\"at\": \"1h\", \"devices\": [\"vm0\"], \"fault\":"
                + " {\"type\": \"freeze\"}}]}");
        page.click("form button", "Preview");
        page.awaitText("form", "Dry run: 2 items");
        page.click("form button", "Run");
        page.awaitText("h1", "skew");
        page.awaitText("tbody tr", "injected, active");
        page.awaitText("tbody tr", "pending");
        page.click("header button", "Stop");
        page.awaitText("tbody tr", "reverted");
        page.awaitText("tbody tr", "cancelled");
        page.click("header button", "Forget");
        page.awaitText("main", "No plan");
        assertEquals(List.of(), application.get("api/v1/plans").findValuesAsText("id"));
    }

    @Test
    void aConnectionThatWasCutComesBackWithWhatWasMissed() throws Exception {
        try (var proxy = new CuttableProxy(application.root())) {
            page.go(proxy.root());
            page.awaitText("#link", "Live");
            page.awaitText("#rows .who", "vm0");
            proxy.cut();
            page.awaitText("#link", "Reconnecting");
            page.awaitText(".problem", "the service cannot be reached");
            application.send("POST", "api/v1/devices/vm0/faults", "{\"type\": \"step\", \"offset\": \"-3s\"}");
            proxy.mend();
            page.awaitText("#link", "Live");
            page.awaitText("#rows .off", "−3 s");
            page.click("nav a", "Timeline");
            page.awaitText(".timeline", "step, offset -PT3S");
            page.await("document.querySelector('.problem') === null");
        }
    }

    @Test
    void theKeyboardSuffices() {
        page.awaitText("#rows .who", "vm0");
        page.press("/");
        page.await("document.activeElement.id === 'search'");
        page.fill("#search", "team=no-such");
        page.awaitText("main .empty", "No device matches “team=no-such”");
        page.await("document.getElementById('restore').disabled");
        page.fill("#search", "team=payments");
        page.awaitText("#rows .who", "vm0");
        page.evaluate("document.querySelector('#rows .who a').focus()");
        page.press("Enter");
        page.awaitText("h1", "vm0");
    }

    @Test
    void whatIsServedIsStaticAndStrict() throws Exception {
        var index = application.send("console/");
        assertEquals(200, index.statusCode());
        String policy = index.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self'"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        String tag = index.headers().firstValue("ETag").orElseThrow();
        assertEquals(304, application.send("GET", "console/", null, "If-None-Match", tag).statusCode());
        assertEquals(404, application.send("console/no-such.js").statusCode());
        assertEquals("console/", application.send("").headers().firstValue("Location").orElse(null));
    }
}
