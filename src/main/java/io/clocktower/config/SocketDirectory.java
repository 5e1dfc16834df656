package io.clocktower.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
            try {
                if (directory.getParent() != null) {
                    Files.createDirectories(directory.getParent());
                }
                Files.createDirectory(directory,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
            } catch (IOException e) {
                throw new IOException(reason(directory, e), e);
            }
        }
        if (!Files.isWritable(directory)) {
            throw new IOException("is not writable");
        }
    }

    private static String reason(Path directory, IOException e) {
        String file = e instanceof FileSystemException failure ? failure.getFile() : null;
        String subject = file == null || file.equals(directory.toString()) ? "" : file + " ";
        return subject + switch (e) {
            case FileAlreadyExistsException _ -> "is not a directory";
            case AccessDeniedException _ -> "cannot be created: permission denied";
            case NoSuchFileException _ -> "cannot be created there";
            case FileSystemException failure -> "cannot be created: " + failure.getReason();
            default -> "cannot be created: " + e.getMessage();
        };
    }

    /** Where a path really leads: the same for all its spellings, also through symbolic links. */
    static Path resolve(Path path) {
        Path existing = path;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        try {
            return existing == null ? path : existing.toRealPath().resolve(existing.relativize(path)).normalize();
        } catch (IOException e) {
            return path;
        }
    }
}
