package io.clocktower.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for sockets: the default one, and where one really is. */
final class SocketDirectory {

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
