package io.clocktower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AotCacheTest {

    private static final String SHARING = "mixed mode, sharing";
    private static final String NOT_SHARING = "mixed mode";

    @TempDir
    private Path directory;

    @Test
    void oneThatIsUsedOrBeingMadeIsNotSaid() {
        assertEquals(Optional.empty(), why(List.of("-Xms8m", "-XX:AOTCache=/x.aot"), SHARING));
        assertEquals(Optional.empty(), why(List.of("-XX:AOTCacheOutput=/x.aot"), NOT_SHARING));
    }

    @Test
    void oneThatTheJvmRejectedIsNamed() {
        assertEquals(
                Optional.of("the AOT cache /y.aot does not fit this JVM or its options (-Xlog:aot says why)"),
                why(List.of("-XX:AOTCache=/x.aot", "-XX:AOTCache=/y.aot"), NOT_SHARING));
    }

    /** The JVM shares its own classes then. */
    @Test
    void oneThatIsNotAskedForIsSaid() throws IOException {
        Path file = directory.resolve("clocktower.aot");
        assertEquals(Optional.of("there is no AOT cache " + file), why(List.of(), SHARING));

        Files.createFile(file);
        assertEquals(Optional.of("the AOT cache %s is not used: it was made of other jars, or the service was not"
                .formatted(file) + " started by " + directory.resolve("clocktower")), why(List.of(), SHARING));
    }

    private Optional<String> why(List<String> options, String vmInfo) {
        return AotCache.whyNotUsed(options, vmInfo, directory.resolve("clocktower.aot"));
    }
}
