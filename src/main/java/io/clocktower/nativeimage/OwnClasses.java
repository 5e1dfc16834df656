package io.clocktower.nativeimage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The classes of Clocktower, by their names.
 *
 * @param root the jar or directory that holds them
 */
record OwnClasses(Path root) {

    private static final String PACKAGE = "io/clocktower";
    private static final String SUFFIX = ".class";
    private static final String PROBE = OwnClasses.class.getName().replace('.', '/') + SUFFIX;

    /** Those on a class path: the jar or directory that this class is in. */
    static OwnClasses on(List<Path> classPath) {
        return new OwnClasses(classPath.stream().filter(Files::exists)
                .filter(root -> in(root, top -> Files.exists(top.resolve(PROBE))))
                .findFirst().orElseThrow(() -> new IllegalStateException("Clocktower is not on the class path")));
    }

    /** In the order of their names. */
    List<String> names() {
        return in(root, top -> {
            try (Stream<Path> files = Files.walk(top.resolve(PACKAGE))) {
                return files.map(file -> top.relativize(file).toString()).filter(name -> name.endsWith(SUFFIX))
                        .map(name -> name.substring(0, name.length() - SUFFIX.length()).replace('/', '.'))
                        .filter(name -> !name.endsWith("-info")).sorted().toList();
            }
        });
    }

    /** Runs something with the top of a jar or of a directory. */
    static <T> T in(Path root, Reader<T> reader) {
        try {
            if (Files.isDirectory(root)) {
                return reader.read(root);
            }
            try (FileSystem jar = FileSystems.newFileSystem(root)) {
                return reader.read(jar.getPath("/"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(root.toString(), e);
        }
    }

    @FunctionalInterface
    interface Reader<T> {
        T read(Path top) throws IOException;
    }
}
