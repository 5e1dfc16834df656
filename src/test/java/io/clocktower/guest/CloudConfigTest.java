package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The user data for cloud-init writes the files beside it, to where each of them says that it goes. */
class CloudConfigTest {

    static List<String> userData() throws IOException {
        try (Stream<Path> files = Files.list(CloudConfig.DIRECTORY)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("user-data"))
                    .sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("userData")
    void everyFileIsOneOfTheDirectory(String name) throws IOException {
        Set<String> there = contents();
        List<CloudConfig.WrittenFile> files = CloudConfig.read(name).files();
        assertTrue(files.size() >= 2, files::toString);
        for (CloudConfig.WrittenFile file : files) {
            assertTrue(there.contains(file.content()), () -> name + " has another " + file.path());
            String first = file.content().lines().limit(2).collect(Collectors.joining(" "));
            assertTrue(first.contains(file.path()) || first.contains("Goes to " + Path.of(file.path()).getParent()),
                    first);
        }
    }

    private static Set<String> contents() throws IOException {
        try (Stream<Path> files = Files.list(CloudConfig.DIRECTORY)) {
            return files.filter(Files::isRegularFile).map(CloudConfigTest::content).collect(Collectors.toSet());
        }
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("userData")
    void aConfigurationOfAPackageIsWrittenAfterItsInstallation(String name) {
        CloudConfig.read(name).files().forEach(
                file -> assertEquals(file.path().equals("/etc/chrony/chrony.conf"), file.isDeferred(), file.path()));
    }
}
