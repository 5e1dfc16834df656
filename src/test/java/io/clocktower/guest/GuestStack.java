package io.clocktower.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** The QEMU, the kernel and the initramfs that {@code src/test/vm/set-up} makes. */
record GuestStack(Path qemu, Path kernel, Path initrd) {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final Path SET_UP = BASE.resolve("src/test/vm/set-up");

    /** What came of setting the stack up, once a JVM; one of the two is null. */
    private record Attempt(GuestStack stack, String missing) {}

    private static Attempt attempt;

    /** Whether the stack is there, after it was set up where this had not been done yet. */
    static synchronized boolean isThere() {
        if (attempt == null) {
            attempt = setUp();
        }
        return attempt.stack != null;
    }

    /**
     * The stack. Where there is none and none can be set up, the test that asks is skipped, or fails if the environment
     * says {@code CI=true}; either way with what is missing.
     */
    static GuestStack require() {
        if (isThere()) {
            return attempt.stack;
        }
        var message = "no guest can be run: " + attempt.missing;
        if ("true".equals(System.getenv("CI"))) {
            return Assertions.fail(message);
        }
        return Assumptions.abort(message);
    }

    private static Attempt setUp() {
        try {
            var setUp = new ProcessBuilder(SET_UP.toString()).start();
            setUp.getOutputStream().close();
            var said = "";
            for (var line : (Iterable<String>) setUp.errorReader(UTF_8).lines()::iterator) {
                System.err.println(line);
                said = line;
            }
            var files = files(setUp);
            return setUp.waitFor() == 0
                    ? new Attempt(new GuestStack(files.get("qemu"), files.get("kernel"), files.get("initrd")), null)
                    : new Attempt(null, said);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + SET_UP, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while " + SET_UP + " ran", e);
        }
    }

    private static Map<String, Path> files(Process setUp) {
        var files = new HashMap<String, Path>();
        setUp.inputReader(UTF_8).lines().map(line -> line.split(" ", 2))
                .forEach(field -> files.put(field[0], Path.of(field[1])));
        return files;
    }
}
