package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The list of what is in the application. */
class SbomIT {

    private static final Path TARGET = Path.of("target");

    @Test
    void eachLibraryOfTheApplicationIsInTheListWithItsVersion() throws Exception {
        JsonNode bom = new ObjectMapper().readTree(TARGET.resolve("clocktower.cdx.json").toFile());
        assertEquals("CycloneDX", bom.path("bomFormat").asText());
        // As the application names its libraries.
        List<String> listed = StreamSupport.stream(bom.path("components").spliterator(), false)
                .map(component -> "%s.%s-%s".formatted(component.path("group").asText(),
                        component.path("name").asText(), component.path("version").asText()))
                .toList();
        List<String> libraries = libraries();
        assertFalse(libraries.isEmpty());
        assertEquals(List.of(), libraries.stream()
                .filter(library -> listed.stream().noneMatch(library::startsWith)).toList());
    }

    private static List<String> libraries() throws IOException {
        try (Stream<Path> files = Files.walk(TARGET.resolve("quarkus-app/lib"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".jar")).sorted()
                    .toList();
        }
    }
}
