package io.clocktower.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where sockets are. */
public final class SocketDirectory {

    private SocketDirectory() {}

    /** Where those are that are nowhere else, absolute. */
    public static Path of(ClocktowerConfig config) {
        return config.socketDir().orElseGet(DefaultDirectories.ofThisUser()::sockets).toAbsolutePath().normalize();
    }

    /** Where a path really leads: the same for all its spellings, also through symbolic links. */
    public static Path resolve(Path path) {
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
