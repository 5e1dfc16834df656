package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application starts from its AOT cache, and says in one line if it does not. */
class AotCacheIT {

    private static final String CACHE = "clocktower.aot";

    @TempDir
    private Path directory;

    @Test
    void itIsUsed() throws Exception {
        try (var application = start(List.of())) {
            assertTrue(maps(application).contains("/" + CACHE), () -> maps(application));
            assertEquals(List.of(), application.log().lines().filter(line -> !line.contains(" INFO ")).toList());
        }
    }

    @Test
    void oneThatDoesNotFitTheJvmIsSaid() throws Exception {
        try (var application = start(List.of("env", "JDK_JAVA_OPTIONS=-XX:-UseCompactObjectHeaders"))) {
            assertFalse(maps(application).contains(CACHE));
            assertSaid(application, PackagedApplication.JARS.resolve(CACHE)
                    + " does not fit this JVM or its options");
        }
    }

    /** The JVM would take its old classes. */
    @Test
    void oneThatWasMadeOfOtherJarsIsNotUsed() throws Exception {
        Path copy = copy();
        Files.write(copy.resolve("quarkus/other.jar"), new byte[1]);
        try (var application = start(startedFrom(copy))) {
            assertFalse(maps(application).contains(CACHE));
            assertTrue(application.log().contains("is not used: it was made of other jars\n"), application::log);
            assertSaid(application, copy.resolve(CACHE) + " is not used");
        }
    }

    @Test
    void oneThatIsMissingIsSaid() throws Exception {
        Path copy = copy();
        Files.delete(copy.resolve(CACHE));
        try (var application = start(startedFrom(copy))) {
            assertSaid(application, "there is no AOT cache " + copy.resolve(CACHE));
        }
    }

    /** As the pages on deployment say to install it. */
    @Test
    void itIsUsedInACopyOfTheApplication() throws Exception {
        try (var application = start(startedFrom(copy()))) {
            assertTrue(maps(application).contains("/" + CACHE), () -> maps(application));
            assertFalse(application.log().contains("AOT cache"), application::log);
        }
    }

    private PackagedApplication start(List<String> launcher) {
        return PackagedApplication.start(launcher, directory, Map.of("clocktower.socket-dir",
                directory.resolve("run").toString()));
    }

    private Path copy() throws Exception {
        Path copy = directory.resolve("copy");
        assertEquals(0, new ProcessBuilder("cp", "-r", PackagedApplication.JARS.toString(), copy.toString())
                .inheritIO().start().waitFor());
        return copy;
    }

    /** In place of the program that would be run, which is the first argument. */
    private static List<String> startedFrom(Path copy) {
        return List.of("sh", "-c", "shift; exec \"$0\" \"$@\"", copy.resolve("clocktower").toString());
    }

    private static void assertSaid(PackagedApplication application, String what) {
        application.await("q/health/ready", _ -> application.log().contains("start: "));
        List<String> said = application.log().lines()
                .filter(line -> line.contains(" WARN ") && line.contains("start: "))
                .toList();
        assertEquals(1, said.size(), application::log);
        assertTrue(said.getFirst().contains(what), application::log);
    }

    private static String maps(PackagedApplication application) {
        try {
            return Files.readString(Path.of("/proc/" + application.pid() + "/maps"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
