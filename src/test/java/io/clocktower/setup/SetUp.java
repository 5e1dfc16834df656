package io.clocktower.setup;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A script that sets up programs which tests run, and is run once a JVM. It says on its standard output what is where, and
 * on its standard error how it goes; the last line there says why it failed.
 */
public final class SetUp {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

    private final Path script;
    private final String lack;
    private Map<String, Path> files;
    private String missing;

    /**
     * @param script its path from the project's directory
     * @param lack what cannot be done without it
     */
    public SetUp(String script, String lack) {
        this.script = BASE.resolve(script);
        this.lack = lack;
    }

    /** Whether everything is there, after it was set up where this had not been done yet. */
    public synchronized boolean isThere() {
        if (files == null && missing == null) {
            run();
        }
        return files != null;
    }

    /**
     * The files by what they are. Where they are not there and cannot be set up, the test that asks is skipped, or fails
     * if the environment says {@code CI=true}; either way with what is missing.
     */
    public Map<String, Path> require() {
        if (isThere()) {
            return files;
        }
        var message = lack + ": " + missing;
        if ("true".equals(System.getenv("CI"))) {
            return Assertions.fail(message);
        }
        return Assumptions.abort(message);
    }

    private void run() {
        try {
            var setUp = new ProcessBuilder(script.toString()).start();
            setUp.getOutputStream().close();
            var said = "";
            for (var line : (Iterable<String>) setUp.errorReader(UTF_8).lines()::iterator) {
                System.err.println(line);
                said = line;
            }
            var told = new HashMap<String, Path>();
            setUp.inputReader(UTF_8).lines().map(line -> line.split(" ", 2))
                    .forEach(field -> told.put(field[0], Path.of(field[1])));
            if (setUp.waitFor() == 0) {
                files = told;
            } else {
                missing = said;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + script, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while " + script + " ran", e);
        }
    }
}
