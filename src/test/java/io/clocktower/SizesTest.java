package io.clocktower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Classes and packages stay so small that they can be read: a second idea gets a class, or a package, of its own. */
class SizesTest {

    private static final Path SOURCES = Path.of("src/main/java");
    private static final int MAX_CLASS_LINES = 350;
    private static final int MAX_DEVICE_LINES = 2_700;

    @Test
    void noClassIsTooLong() throws IOException {
        Map<Path, Long> tooLong = new TreeMap<>();
        for (Path file : sources(SOURCES)) {
            long lines = lines(file);
            if (lines > MAX_CLASS_LINES) {
                tooLong.put(SOURCES.relativize(file), lines);
            }
        }
        assertEquals(Map.of(), tooLong, "classes of more than " + MAX_CLASS_LINES + " lines");
    }

    @Test
    void packageDeviceStaysReadable() throws IOException {
        long lines = sources(SOURCES.resolve("io/clocktower/device")).stream().mapToLong(SizesTest::lines).sum();
        assertTrue(lines < MAX_DEVICE_LINES, () -> "package device has %d lines, expected fewer than %d"
                .formatted(lines, MAX_DEVICE_LINES));
    }

    private static List<Path> sources(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
            assertTrue(!sources.isEmpty(), () -> "no source in " + directory.toAbsolutePath());
            return sources;
        }
    }

    private static long lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
