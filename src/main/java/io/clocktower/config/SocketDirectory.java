package io.clocktower.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The directory of sockets. */
public final class SocketDirectory {

    private SocketDirectory() {}

    /** The absolute path of the directory of sockets whose path is not configured. */
    public static Path of(ClocktowerConfig config) {
        return config.socketDir().orElseGet(() -> DefaultDirectories.of(config).sockets()).toAbsolutePath().normalize();
    }

    /** The real path of a path, the same for all its spellings and through symbolic links. */
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
