package io.clocktower.state;

import io.clocktower.spec.Names;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * The directory that keeps the state of devices and plans, one file each. It does not look into the files. Each file always has the
 * whole of the last content written, or of the one before, whenever the process or the machine ends. Thread-safe.
 *
 * <pre>
 * DIRECTORY/lock                             locked by the process that uses the directory
 * DIRECTORY/NAME.json                        the state of device NAME
 * DIRECTORY/NAME.json.tmp                    its next content, while it is written
 * DIRECTORY/NAME.json.set-aside-TIME[-N]     content that could not be used, for a person to look at
 * DIRECTORY/ID.plan                          the same of plan ID, with the same endings
 * DIRECTORY/NAME.number                      the last number of sequence NAME
 * DIRECTORY/NAME.number.tmp                  its next content
 * </pre>
 */
public final class StateDirectory implements StateFiles, AutoCloseable {

    /** No device's file is larger; a larger one was not written by this class. */
    public static final int MAX_BYTES = 1 << 20;

    /** What a file is about. */
    private enum Kind {
        DEVICE(".json", MAX_BYTES), PLAN(".plan", 32 << 20);

        private final String suffix;
        private final int maxBytes;

        Kind(String suffix, int maxBytes) {
            this.suffix = suffix;
            this.maxBytes = maxBytes;
        }
    }

    private static final Logger LOG = Logger.getLogger(StateDirectory.class);
    private static final String NUMBER = ".number";
    private static final String TEMPORARY = ".tmp";

    private final Path directory;
    private final DirectoryLock lock;
    /** Held for reading while a file is used, and for writing by {@link #close}. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    /** One monitor for all names with the same hash: two writers of one name do not share its temporary file. */
    private final Object[] writers = IntStream.range(0, 64).mapToObj(_ -> new Object()).toArray();
    private boolean isClosed;

    private StateDirectory(Path directory, DirectoryLock lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Creates the directory if it does not exist, and claims it for this process until it is closed.
     *
     * @throws IOException that names the directory and says why it cannot be used
     */
    public static StateDirectory open(Path path) throws IOException {
        Path directory = path.toAbsolutePath().normalize();
        create(directory);
        Path real = directory.toRealPath();
        DirectoryLock lock = DirectoryLock.acquire(directory, real, DurableFile.MODE);
        try {
            var opened = new StateDirectory(real, lock);
            opened.removeTemporaries();
            return opened;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** A new directory survives a loss of power only once its parent is on disk too. */
    private static void create(Path directory) throws IOException {
        Path existing = directory;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            PrivateDirectory.prepare(directory);
        } catch (IOException e) {
            throw new IOException(directory + " " + e.getMessage(), e);
        }
        for (Path created = directory; !created.equals(existing); created = created.getParent()) {
            DurableFile.sync(created.getParent());
        }
    }

    private void removeTemporaries() throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "*{" + Kind.DEVICE.suffix + ","
                + Kind.PLAN.suffix + "," + NUMBER + "}" + TEMPORARY)) {
            for (Path path : left) {
                if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("%s: temporary files cannot be removed: %s".formatted(directory, e.getMessage()), e);
        }
    }

    /** The directory's real path. */
    public Path path() {
        return directory;
    }

    /**
     * {@inheritDoc} If only the directory's entry could not be written to disk, either the old or the new content
     * survives a loss of power.
     */
    @Override
    public void write(String name, byte[] content) throws IOException {
        write(Kind.DEVICE, name, content);
    }

    private void write(Kind kind, String name, byte[] content) throws IOException {
        Path path = file(kind, name);
        if (content.length > kind.maxBytes) {
            throw new IOException("cannot write %s: %d bytes, expected at most %d".formatted(path, content.length,
                    kind.maxBytes));
        }
        change("write", name, path, () -> DurableFile.replace(path, temporary(path), content));
    }

    @Override
    public void delete(String name) throws IOException {
        delete(Kind.DEVICE, name);
    }

    private void delete(Kind kind, String name) throws IOException {
        Path path = file(kind, name);
        change("delete", name, path, () -> DurableFile.delete(path));
    }

    @Override
    public long next(String sequence) throws IOException {
        Path path = directory.resolve(requireName(sequence) + NUMBER);
        long[] next = new long[1];
        change("advance", sequence, path, () -> {
            next[0] = last(path) + 1;
            DurableFile.replace(path, temporary(path), (next[0] + "\n").getBytes(StandardCharsets.US_ASCII));
        });
        return next[0];
    }

    private static long last(Path path) throws IOException {
        try {
            return Long.parseLong(Files.readString(path).strip());
        } catch (NoSuchFileException _) {
            return 0;
        } catch (NumberFormatException e) {
            throw new IOException("it contains no number", e);
        }
    }

    @Override
    public Map<String, byte[]> read() throws IOException {
        return read(Kind.DEVICE);
    }

    private Map<String, byte[]> read(Kind kind) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        use.readLock().lock();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + kind.suffix)) {
            requireOpen();
            for (Path path : files) {
                String file = path.getFileName().toString();
                String name = file.substring(0, file.length() - kind.suffix.length());
                read(kind, name, path).ifPresent(content -> contents.put(name, content));
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("%s cannot be read: %s".formatted(directory, e.getMessage()), e);
        } finally {
            use.readLock().unlock();
        }
        return contents;
    }

    private Optional<byte[]> read(Kind kind, String name, Path path) {
        if (!Names.isName(name)) {
            SetAside.put(path, "its name is not that of a " + kind.name().toLowerCase(Locale.ROOT), false);
        } else if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            SetAside.put(path, "it is not a regular file", false);
        } else {
            try (var file = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
                byte[] content = file.readNBytes(kind.maxBytes + 1);
                if (content.length <= kind.maxBytes) {
                    return Optional.of(content);
                }
                SetAside.put(path, "it has more than " + kind.maxBytes + " bytes", false);
            } catch (IOException e) {
                SetAside.put(path, "it cannot be read: " + reason(e), false);
            }
        }
        return Optional.empty();
    }

    @Override
    public void setAside(String name, String reason) {
        setAside(Kind.DEVICE, name, reason, false);
    }

    @Override
    public void copyAside(String name, String reason) {
        setAside(Kind.DEVICE, name, reason, true);
    }

    private void setAside(Kind kind, String name, String reason, boolean isCopied) {
        Path path = file(kind, name);
        use.readLock().lock();
        try {
            requireOpen();
            synchronized (writer(name)) {
                SetAside.put(path, reason, isCopied);
            }
        } catch (IOException e) {
            LOG.warnf("%s cannot be set aside: %s", path, e.getMessage());
        } finally {
            use.readLock().unlock();
        }
    }

    @Override
    public StateFiles plans() {
        return new PlanFiles();
    }

    /** Those of plans. */
    private final class PlanFiles implements StateFiles {

        @Override
        public Map<String, byte[]> read() throws IOException {
            return StateDirectory.this.read(Kind.PLAN);
        }

        @Override
        public void write(String id, byte[] content) throws IOException {
            StateDirectory.this.write(Kind.PLAN, id, content);
        }

        @Override
        public void delete(String id) throws IOException {
            StateDirectory.this.delete(Kind.PLAN, id);
        }

        @Override
        public void setAside(String id, String reason) {
            StateDirectory.this.setAside(Kind.PLAN, id, reason, false);
        }

        @Override
        public void copyAside(String id, String reason) {
            StateDirectory.this.setAside(Kind.PLAN, id, reason, true);
        }

        @Override
        public long next(String sequence) throws IOException {
            return StateDirectory.this.next(sequence);
        }

        @Override
        public StateFiles plans() {
            return this;
        }
    }

    /** Releases the directory for other processes. Waits for writes in progress; later ones fail. */
    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (!isClosed) {
                isClosed = true;
                lock.close();
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    private void change(String verb, String name, Path path, DurableFile.Change change) throws IOException {
        use.readLock().lock();
        try {
            requireOpen();
            synchronized (writer(name)) {
                DurableFile.uninterrupted(change);
            }
        } catch (IOException e) {
            throw new IOException("cannot %s %s: %s".formatted(verb, path, reason(e)), e);
        } finally {
            use.readLock().unlock();
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

    private Path file(Kind kind, String name) {
        return directory.resolve(requireName(name) + kind.suffix);
    }

    private static Path temporary(Path path) {
        return path.resolveSibling(path.getFileName() + TEMPORARY);
    }

    private static String requireName(String name) {
        if (!Names.isName(name)) {
            throw new IllegalArgumentException("not a device's name: " + name);
        }
        return name;
    }

    /** Why a file could not be used, without its path. */
    static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException failure when failure.getReason() != null -> failure.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
