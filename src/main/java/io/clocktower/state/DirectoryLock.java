package io.clocktower.state;

import io.clocktower.linux.Quietly;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The exclusive use of a directory: by one process, and by one {@link StateDirectory} of it. The lock is a file named
 * {@code lock} in the directory; the kernel releases it when the process ends.
 */
final class DirectoryLock implements AutoCloseable {

    /**
     * The directories that this process uses. A process loses its lock on a file when it closes any descriptor of that
     * file, so it must not open the lock file to learn that it already holds the lock.
     */
    private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * @param asked the path by which an operator knows the directory, for messages
     * @param directory the same as a real path
     * @param mode of the lock file if it is created
     * @throws IOException that names the directory and says who uses it, or why it cannot be locked
     */
    static DirectoryLock acquire(Path asked, Path directory, FileAttribute<?> mode) throws IOException {
        if (!IN_USE.add(directory)) {
            throw new IOException(asked + " is already in use by this process");
        }
        FileChannel channel = null;
        FileLock lock = null;
        try {
            channel = FileChannel.open(directory.resolve("lock"),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS), mode);
            lock = channel.tryLock();
        } catch (IOException e) {
            throw new IOException("%s cannot be locked: %s".formatted(asked, StateDirectory.reason(e)), e);
        } finally {
            if (lock == null) {
                Quietly.close(channel);
                IN_USE.remove(directory);
            }
        }
        if (lock == null) {
            throw new IOException(asked + " is in use by another process");
        }
        return new DirectoryLock(directory, channel);
    }

    /** Lets another process use the directory. */
    @Override
    public void close() {
        Quietly.close(channel);
        IN_USE.remove(directory);
    }
}
