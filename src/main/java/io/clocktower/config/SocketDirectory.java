package io.clocktower.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for sockets: where one really is. */
final class SocketDirectory {

    private SocketDirectory() {}

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
