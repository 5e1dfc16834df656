package io.clocktower.console;

import io.clocktower.setup.SetUp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Chromium without a window, with a profile of its own, that is driven over the DevTools protocol. */
final class Chromium implements AutoCloseable {

    private static final SetUp SET_UP = new SetUp("src/test/chromium/set-up", "no browser can be run");
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(20);
    private static final long LOOK_MS = 20;

    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Devtools devtools;

    private Chromium(Process process, URI devtools) {
        this.process = process;
        this.devtools = new Devtools(http, devtools);
    }

    /**
     * Starts it.
     *
     * @param directory an empty one, for its profile and its log
     */
    static Chromium start(Path directory) throws IOException, InterruptedException {
        Path program = SET_UP.require().get("chromium");
        // In a container, as root, Chromium's own sandbox does not start.
        var command = new ProcessBuilder(List.of(program.toString(), "--headless=new", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
                "--remote-debugging-port=0", "--user-data-dir=" + directory, "about:blank"));
        command.redirectErrorStream(true).redirectOutput(directory.resolve("chromium.log").toFile());
        Process process = command.start();
        Path port = directory.resolve("DevToolsActivePort");
        long endNs = System.nanoTime() + START.toNanos();
        List<String> lines = List.of();
        while (lines.size() < 2) {
            if (!process.isAlive() || System.nanoTime() > endNs) {
                process.destroyForcibly();
                throw new IllegalStateException("Chromium does not start:\n"
                        + Files.readString(directory.resolve("chromium.log")));
            }
            process.waitFor(LOOK_MS, TimeUnit.MILLISECONDS);
            lines = Files.exists(port) ? Files.readAllLines(port) : List.of();
        }
        return new Chromium(process, URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)));
    }

    /** An empty page that shares nothing with the others. */
    Page open() {
        return Page.open(devtools);
    }

    @Override
    public void close() {
        devtools.call(null, "Browser.close", Map.of());
        process.onExit().completeOnTimeout(process, STOP.toSeconds(), TimeUnit.SECONDS).join();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
        http.shutdownNow();
    }
}
