package io.clocktower.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * A page of a browser, as a person uses it: looks at texts, clicks with the mouse and types. What a test demands is awaited
 * with patience, as a page changes by itself.
 */
final class Page implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_NS = 50_000_000;

    private final Devtools devtools;
    private final String context;
    private final String target;
    private final String session;
    private final List<String> errors = new CopyOnWriteArrayList<>();

    private Page(Devtools devtools, String context, String target, String session) {
        this.devtools = devtools;
        this.context = context;
        this.target = target;
        this.session = session;
    }

    static Page open(Devtools devtools) {
        String context = devtools.call(null, "Target.createBrowserContext", Map.of()).path("browserContextId").asText();
        String target = devtools.call(null, "Target.createTarget", Map.of("url", "about:blank", "browserContextId",
                context)).path("targetId").asText();
        String session = devtools.call(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                .path("sessionId").asText();
        var page = new Page(devtools, context, target, session);
        devtools.onEvent(page::onEvent);
        List.of("Page.enable", "Runtime.enable", "Log.enable", "Network.enable").forEach(page::call);
        page.resize(1280, 900);
        return page;
    }

    private void onEvent(JsonNode event) {
        if (!event.path("sessionId").asText().equals(session)) {
            return;
        }
        JsonNode parameters = event.path("params");
        switch (event.path("method").asText()) {
            case "Runtime.exceptionThrown" -> errors.add(parameters.path("exceptionDetails").toString());
            case "Log.entryAdded" -> {
                if (parameters.path("entry").path("level").asText().equals("error")) {
                    errors.add(parameters.path("entry").toString());
                }
            }
            default -> {
                // Not of interest.
            }
        }
    }

    private JsonNode call(String method) {
        return call(method, Map.of());
    }

    private JsonNode call(String method, Map<String, ?> parameters) {
        return devtools.call(session, method, parameters);
    }

    /** What the browser's console has of errors: exceptions, violations of the policy, calls that failed. */
    List<String> errors() {
        return errors;
    }

    void go(URI place) {
        call("Page.navigate", Map.of("url", place.toString()));
    }

    void reload() {
        call("Page.reload");
    }

    /** As on a phone, if it is narrow. */
    void resize(int width, int height) {
        call("Emulation.setDeviceMetricsOverride", Map.of("width", width, "height", height, "deviceScaleFactor", 1,
                "mobile", width < 600));
    }

    /** What the person prefers. */
    void setDark(boolean isDark) {
        call("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value",
                isDark ? "dark" : "light"))));
    }

    /** Cuts the network, or connects it again. */
    void setOffline(boolean isOffline) {
        call("Network.emulateNetworkConditions", Map.of("offline", isOffline, "latency", 0, "downloadThroughput", -1,
                "uploadThroughput", -1));
    }

    /** The value of an expression, or what its promise becomes. */
    JsonNode evaluate(String expression) {
        JsonNode answer = call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true,
                "awaitPromise", true));
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException(expression + ": " + answer.get("exceptionDetails"));
        }
        return answer.path("result").path("value");
    }

    /** The text of what the page shows. */
    String text() {
        return evaluate("document.body?.innerText ?? ''").asText();
    }

    /** Waits until the expression is true. */
    void await(String expression) {
        long endNs = System.nanoTime() + PATIENCE.toNanos();
        while (!isTrue(expression)) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("not true after %s: %s%nThe page:%n%s%nErrors: %s".formatted(PATIENCE,
                        expression, text(), errors));
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private boolean isTrue(String expression) {
        try {
            return evaluate("Boolean(" + expression + ")").asBoolean();
        } catch (IllegalStateException e) {
            // Between two documents there is none.
            return false;
        }
    }

    /** Waits until an element that a selector finds has such a text. */
    void awaitText(String selector, String text) {
        await("[...document.querySelectorAll(%s)].some(it => it.innerText.includes(%s))".formatted(quoted(selector),
                quoted(text)));
    }

    /**
     * Clicks with the mouse on the first element that the selector finds and that has such a text, once it stays where it
     * is.
     */
    void click(String selector, String text) {
        awaitText(selector, text);
        await("(it = [...document.querySelectorAll(%s)].find(it => it.innerText.includes(%s)), ".formatted(
                quoted(selector), quoted(text)) + "it.scrollIntoView({ block: 'center' }), window.place === "
                + "(window.place = JSON.stringify(it.getBoundingClientRect())))");
        JsonNode box = evaluate(
                "(box => [box.x + box.width / 2, box.y + box.height / 2])(it.getBoundingClientRect())");
        for (String type : List.of("mousePressed", "mouseReleased")) {
            call("Input.dispatchMouseEvent", Map.of("type", type, "x", box.path(0).asDouble(), "y",
                    box.path(1).asDouble(), "button", "left", "clickCount", 1));
        }
    }

    /** Replaces what is in a field. */
    void fill(String selector, String text) {
        await("document.querySelector(%s)".formatted(quoted(selector)));
        evaluate("(it => { it.focus(); it.select(); })(document.querySelector(%s))".formatted(quoted(selector)));
        if (text.isEmpty()) {
            press("Delete");
        } else {
            call("Input.insertText", Map.of("text", text));
        }
    }

    /** Presses a key, as {@code KeyboardEvent.key} names it. */
    void press(String key) {
        Map<String, Integer> codes = Map.of("Tab", 9, "Enter", 13, "Escape", 27, "ArrowUp", 38, "ArrowDown", 40,
                "Delete", 46, " ", 32);
        int code = codes.getOrDefault(key, (int) Character.toUpperCase(key.charAt(0)));
        String text = key.equals("Enter") ? "\r" : key.length() == 1 ? key : "";
        call("Input.dispatchKeyEvent", Map.of("type", text.isEmpty() ? "rawKeyDown" : "keyDown", "key", key, "text",
                text, "windowsVirtualKeyCode", code));
        call("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "windowsVirtualKeyCode", code));
    }

    /** What does not meet WCAG 2.1 AA, as axe-core finds it: rules with the elements that break them. */
    List<String> inaccessible() throws IOException {
        try (var axe = Page.class.getResourceAsStream("/axe.min.js")) {
            call("Runtime.evaluate", Map.of("expression", new String(axe.readAllBytes(), UTF_8)));
        }
        List<String> found = new ArrayList<>();
        evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(result =>"
                + " result.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`))")
                .forEach(violation -> found.add(violation.asText()));
        return found;
    }

    /** Writes what the page shows to a PNG file. */
    void capture(Path file) {
        String png = call("Page.captureScreenshot", Map.of("format", "png")).path("data").asText();
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, Base64.getDecoder().decode(png));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String quoted(String text) {
        return TextNode.valueOf(text).toString();
    }

    @Override
    public void close() {
        devtools.call(null, "Target.closeTarget", Map.of("targetId", target));
        devtools.call(null, "Target.disposeBrowserContext", Map.of("browserContextId", context));
    }
}
