package io.clocktower.config;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Directories for sockets: the default one, and how one is made. */
final class SocketDirectory {

    private static final String MODE = "rwxr-x---";

    private SocketDirectory() {}

    /** A directory of the user's own. */
    static Path byDefault() {
        String user = System.getProperty("user.name");
        if (user.equals("root")) {
            return Path.of("/run/clocktower");
        }
        String runtimeDirectory = System.getenv("XDG_RUNTIME_DIR");
        return runtimeDirectory != null && !runtimeDirectory.isEmpty()
                ? Path.of(runtimeDirectory, "clocktower")
                : Path.of(System.getProperty("java.io.tmpdir"), "clocktower-" + user);
    }

    /**
     * Makes sure that there is such a directory and that sockets can be made in it.
     *
     * @throws IOException that says why not
     */
    static void prepare(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            if (directory.getParent() != null) {
                Files.createDirectories(directory.getParent());
            }
            try {
                Files.createDirectory(directory,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
            } catch (FileAlreadyExistsException e) {
                throw new IOException("is not a directory", e);
            }
        }
        if (!Files.isWritable(directory)) {
            throw new IOException("is not writable");
        }
    }
}
