package io.clocktower.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * The files in which devices' state is kept, one a device, and nothing of what is in them. A file has, whenever the
 * process or the machine ends, the whole of the content that was written last or of that before. Thread-safe; a call
 * waits for the disk, so it is none for an event loop.
 *
 * <pre>
 * DIRECTORY/lock                             locked by the process that uses the directory
 * DIRECTORY/NAME.json                        what is kept of device NAME
 * DIRECTORY/NAME.json.tmp                    the next content, while it is written
 * DIRECTORY/NAME.json.set-aside-TIME[-N]     what could not be used
 * </pre>
 */
public final class StateDirectory implements AutoCloseable {

    /** No file is larger; one that is was not written by this class. */
    public static final int MAX_BYTES = 1 << 20;

    private static final Logger LOG = Logger.getLogger(StateDirectory.class);
    private static final String SUFFIX = ".json";
    private static final String TEMPORARY = SUFFIX + ".tmp";
    private static final FileAttribute<Set<PosixFilePermission>> MODE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC);
    private static final int MAX_SET_ASIDE_A_SECOND = 1000;

    /**
     * The directories that this process uses. A process loses its lock on a file when it closes any descriptor of it, so
     * the lock file must not be opened to learn that it is this process's own.
     */
    private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel lock;
    /** Held for reading while a file is touched, and for writing by {@link #close}. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    /** One for the names with the same hash: two contents of one name do not share their temporary file. */
    private final Object[] writers = IntStream.range(0, 64).mapToObj(_ -> new Object()).toArray();
    private boolean isClosed;

    private StateDirectory(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Makes the directory if it is not there, and has it for this process alone until it is closed.
     *
     * @throws IOException that names the directory and says why it cannot be had
     */
    public static StateDirectory open(Path path) throws IOException {
        Path directory = path.toAbsolutePath().normalize();
        make(directory);
        Path real = directory.toRealPath();
        if (!IN_USE.add(real)) {
            throw new IOException(directory + " is in use by this process already");
        }
        FileChannel lock = null;
        boolean isOpen = false;
        try {
            lock = lock(real);
            var opened = new StateDirectory(real, lock);
            opened.removeTemporaries();
            isOpen = true;
            return opened;
        } finally {
            if (!isOpen) {
                ListeningSocket.closeQuietly(lock);
                IN_USE.remove(real);
            }
        }
    }

    /** A new directory lasts once its parent is on disk, too. */
    private static void make(Path directory) throws IOException {
        Path existing = directory;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            PrivateDirectory.prepare(directory);
        } catch (IOException e) {
            throw new IOException(directory + " " + e.getMessage(), e);
        }
        for (Path made = directory; !made.equals(existing); made = made.getParent()) {
            sync(made.getParent());
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        Path path = directory.resolve("lock");
        FileChannel channel = null;
        FileLock lock = null;
        try {
            channel = FileChannel.open(path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS), MODE);
            lock = channel.tryLock();
        } catch (IOException e) {
            throw new IOException("%s cannot be locked: %s".formatted(directory, reason(e)), e);
        } finally {
            if (lock == null) {
                ListeningSocket.closeQuietly(channel);
            }
        }
        if (lock == null) {
            throw new IOException(directory + " is in use by another process");
        }
        return channel;
    }

    private void removeTemporaries() throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "*" + TEMPORARY)) {
            for (Path path : left) {
                if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("%s cannot be tidied up: %s".formatted(directory, e.getMessage()), e);
        }
    }

    /** The directory's real path. */
    public Path path() {
        return directory;
    }

    /**
     * Keeps a device's state instead of what was kept of it before. After this has returned the content outlasts the end
     * of the process and a loss of power.
     *
     * @param name the device's
     * @throws IOException that names the file and says why it cannot be written; what was kept before is kept still,
     *     except where it was the directory's entry that could not be written to disk: then it is either of the two
     */
    public void write(String name, byte[] content) throws IOException {
        Path path = file(name);
        if (content.length > MAX_BYTES) {
            throw new IOException("cannot write %s: %d bytes, at most %d are kept".formatted(path, content.length,
                    MAX_BYTES));
        }
        change("write", name, path, () -> replace(path, directory.resolve(name + TEMPORARY), content));
    }

    private void replace(Path path, Path temporary, byte[] content) throws IOException {
        try {
            // What is left of a call that was interrupted; nobody else uses the name.
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
            ListeningSocket.closeQuietly(() -> Files.deleteIfExists(temporary));
            throw e;
        }
        sync(directory);
    }

    /**
     * Keeps nothing of a device any more, for good when this has returned.
     *
     * @param name the device's, of which nothing may be kept anyway
     * @throws IOException that names the file and says why it cannot be deleted
     */
    public void delete(String name) throws IOException {
        Path path = file(name);
        change("delete", name, path, () -> {
            Files.deleteIfExists(path);
            sync(directory);
        });
    }

    /**
     * All that is kept, by the device's name. A file that cannot be read, or that is none of this class's, is set aside;
     * it keeps nobody from the others.
     *
     * @throws IOException if the directory itself cannot be read
     */
    public Map<String, byte[]> read() throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        use.readLock().lock();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            requireOpen();
            for (Path path : files) {
                String file = path.getFileName().toString();
                String name = file.substring(0, file.length() - SUFFIX.length());
                read(name, path).ifPresent(content -> contents.put(name, content));
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("%s cannot be read: %s".formatted(directory, e.getMessage()), e);
        } finally {
            use.readLock().unlock();
        }
        return contents;
    }

    private Optional<byte[]> read(String name, Path path) {
        if (!DeviceRules.isName(name)) {
            setAside(path, "it is not named after a device");
        } else if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            setAside(path, "it is not a regular file");
        } else {
            try (var file = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
                byte[] content = file.readNBytes(MAX_BYTES + 1);
                if (content.length <= MAX_BYTES) {
                    return Optional.of(content);
                }
                setAside(path, "it has more than " + MAX_BYTES + " bytes");
            } catch (IOException e) {
                setAside(path, "it cannot be read: " + reason(e));
            }
        }
        return Optional.empty();
    }

    /**
     * Renames a device's file, which cannot be used, for a person to look at. Never fails: what cannot be renamed either
     * stays, and the log says so.
     *
     * @param name the device's
     * @param reason what is wrong with the file, after "it"
     */
    public void setAside(String name, String reason) {
        Path path = file(name);
        use.readLock().lock();
        try {
            requireOpen();
            synchronized (writer(name)) {
                setAside(path, reason);
            }
        } catch (IOException e) {
            LOG.warnf("%s cannot be set aside: %s", path, e.getMessage());
        } finally {
            use.readLock().unlock();
        }
    }

    private void setAside(Path path, String reason) {
        try {
            Path aside = rename(path, path + ".set-aside-" + TIME.format(Instant.now()));
            LOG.warnf("%s is not used: %s; it is %s now", path, reason, aside);
            sync(directory);
        } catch (IOException e) {
            LOG.warnf("%s is not used: %s; it cannot be set aside: %s", path, reason, reason(e));
        }
    }

    private static Path rename(Path path, String name) throws IOException {
        for (int i = 0; i < MAX_SET_ASIDE_A_SECOND; i++) {
            try {
                return Files.move(path, Path.of(i == 0 ? name : name + "-" + i));
            } catch (FileAlreadyExistsException e) {
                // Another one was set aside in this second.
            }
        }
        throw new FileAlreadyExistsException(name);
    }

    /** Lets another process have the directory. Waits for what is being written; nothing is after it. */
    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (!isClosed) {
                isClosed = true;
                ListeningSocket.closeQuietly(lock);
                IN_USE.remove(directory);
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    private interface Change {

        void make() throws IOException;
    }

    private void change(String verb, String name, Path path, Change change) throws IOException {
        use.readLock().lock();
        try {
            requireOpen();
            synchronized (writer(name)) {
                uninterrupted(change);
            }
        } catch (IOException e) {
            throw new IOException("cannot %s %s: %s".formatted(verb, path, reason(e)), e);
        } finally {
            use.readLock().unlock();
        }
    }

    /** A thread's interruption closes the channel that it uses; the change is then made once more, and not by half. */
    private static void uninterrupted(Change change) throws IOException {
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

    private void requireOpen() throws IOException {
        if (isClosed) {
            throw new IOException("the directory is closed");
        }
    }

    private Object writer(String name) {
        return writers[Math.floorMod(name.hashCode(), writers.length)];
    }

    private Path file(String name) {
        if (!DeviceRules.isName(name)) {
            throw new IllegalArgumentException("not a device's name: " + name);
        }
        return directory.resolve(name + SUFFIX);
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException failure when failure.getReason() != null -> failure.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
