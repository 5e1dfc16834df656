package io.clocktower.kubevirt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Domains as KubeVirt, its plugins and libvirt write them, each with the lines that the change adds and removes. */
final class Domains {

    static final Path DIRECTORY = Path.of(System.getProperty("basedir", ""))
            .resolve("src/test/resources/io/clocktower/kubevirt/domains");
    private static final String EXTENSION = ".xml";

    private Domains() {}

    static Stream<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(EXTENSION)).sorted()
                    .map(name -> name.substring(0, name.length() - EXTENSION.length())).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(String name) throws IOException {
        return new String(Files.readAllBytes(DIRECTORY.resolve(name + EXTENSION)), UTF_8);
    }

    static List<String> diff(String name) throws IOException {
        return Files.readAllLines(DIRECTORY.resolve(name + ".diff"));
    }
}
