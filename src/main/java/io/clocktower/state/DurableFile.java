package io.clocktower.state;

import io.clocktower.linux.Quietly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Changes of files that survive a loss of power: content is written to a temporary file, synchronized, renamed, and the
 * directory's entry is synchronized. A file therefore always has the whole of one content.
 */
final class DurableFile {

    /** For the owner only. */
    static final FileAttribute<Set<PosixFilePermission>> MODE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private DurableFile() {}

    /** A change that can be made again from its beginning. */
    @FunctionalInterface
    interface Change {

        void make() throws IOException;
    }

    /**
     * @param temporary in the same directory; only this call uses it
     */
    static void replace(Path path, Path temporary, byte[] content) throws IOException {
        try {
            // An interrupted call may have left it.
            Files.deleteIfExists(temporary);
            try (FileChannel file = FileChannel.open(temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), MODE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
                file.force(true);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Quietly.close(() -> Files.deleteIfExists(temporary));
            throw e;
        }
        sync(path.getParent());
    }

    static void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
        sync(path.getParent());
    }

    /** Writes a directory's entries to disk. */
    static void sync(Path directory) throws IOException {
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    /** Makes a change whole: an interruption of the thread closes its channel, and then the change is made again. */
    static void uninterrupted(Change change) throws IOException {
        boolean isInterrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    change.make();
                    return;
                } catch (ClosedByInterruptException e) {
                    isInterrupted = Thread.interrupted() || isInterrupted;
                }
            }
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
