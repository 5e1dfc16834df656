package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The limits that the kernel shows for this process. */
class ResourceLimitsTest {

    /** Columns of the line: name, soft limit, hard limit, unit. */
    private static String openFiles(int column) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith("Max open files"))
                .findFirst().orElseThrow().replace("Max open files", "open").split("\\s+")[column];
    }

    @Test
    void theLimitOfOpenFilesIsThatOfTheKernel() throws IOException {
        assertEquals(openFiles(1), Integer.toString(ResourceLimits.openFiles()));
    }

    @Test
    void theLimitOfOpenFilesIsRaisedToTheHardOne() throws IOException {
        int limit = ResourceLimits.raiseOpenFiles();

        assertEquals(openFiles(2), Integer.toString(limit));
        assertEquals(openFiles(1), Integer.toString(limit));
    }
}
