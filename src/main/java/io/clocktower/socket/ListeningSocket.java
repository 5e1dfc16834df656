package io.clocktower.socket;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Errno;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Quietly;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A device's listening socket and its file, which has mode 0660. Who owns the device accepts and closes; what concerns the
 * file is for threads that may wait for a disk.
 */
public final class ListeningSocket implements DeviceSocket {

    private static final int S_IFMT = 0xf000;
    private static final int S_IFSOCK = 0xc000;
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-rw----");

    private final Path path;
    private final Descriptor listening;
    /** Null if the file was not this socket's any more when it was adopted. */
    private final FileIdentity file;

    /** Whether the file belongs to the service manager, which still listens there when this process has ended. */
    private final boolean isManaged;

    private ListeningSocket(Path path, Descriptor listening, FileIdentity file, boolean isManaged) {
        this.path = path;
        this.listening = listening;
        this.file = file;
        this.isManaged = isManaged;
    }

    /**
     * A socket of the service manager, whose file this process never deletes.
     *
     * @param listening non-blocking; becomes this object's
     */
    static ListeningSocket ofManager(Path path, Descriptor listening) throws IOException {
        return new ListeningSocket(path, listening, FileIdentity.of(path), true);
    }

    /**
     * A socket that another process bound.
     *
     * @param path of its file
     * @param listening becomes this object's
     * @param isInPlace whether the file is the socket's
     * @param isManaged see {@link #isManaged}
     */
    public static ListeningSocket adopt(Path path, Descriptor listening, boolean isInPlace, boolean isManaged)
            throws IOException {
        return new ListeningSocket(path, listening, isInPlace ? FileIdentity.of(path) : null, isManaged);
    }

    /**
     * A file's inode, and when it was made: an inode's number is used again.
     */
    private record FileIdentity(Object key, FileTime creation) {

        private static FileIdentity of(Path path) throws IOException {
            var attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return new FileIdentity(attributes.fileKey(), attributes.creationTime());
        }
    }

    /**
     * Listens at {@code path}. A stale socket file, at which no process listens, is replaced.
     *
     * @throws DeviceException if it cannot; the message says why
     */
    public static ListeningSocket bind(Path path) throws DeviceException {
        removeStale(path);
        Descriptor listening = null;
        try {
            listening = UnixSocket.listen(path);
            Files.setPosixFilePermissions(path, MODE);
            return new ListeningSocket(path, listening, FileIdentity.of(path), false);
        } catch (IOException | LinuxException e) {
            if (listening != null) {
                listening.close();
                Quietly.close(() -> Files.deleteIfExists(path));
            }
            throw DeviceException.failed("cannot listen at " + path + ": " + reason(e), e);
        }
    }

    private static void removeStale(Path path) throws DeviceException {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & S_IFMT) != S_IFSOCK) {
                throw DeviceException.conflict(path + " exists and is not a socket");
            }
            if (isLive(path)) {
                throw DeviceException.conflict(path + " is in use: another process listens there");
            }
            Files.deleteIfExists(path);
        } catch (NoSuchFileException e) {
            // There is nothing to replace.
        } catch (IOException e) {
            throw DeviceException.failed("cannot replace " + path + ": " + reason(e), e);
        }
    }

    /** A refused connection means that no process listens. A full backlog has a listener, too. */
    private static boolean isLive(Path path) {
        try {
            UnixSocket.connect(path).close();
            return true;
        } catch (LinuxException e) {
            // Its file may have been deleted since.
            return e.errno() != Errno.ECONNREFUSED && Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        }
    }

    private static String reason(Exception e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    @Override
    public Path path() {
        return path;
    }

    public int number() {
        return listening.number();
    }

    /** The next front-end that waits, whose socket is the caller's; null if none waits. */
    public Descriptor accept() {
        return UnixSocket.accept(number());
    }

    /** The socket, which stays this object's. */
    public Descriptor descriptor() {
        return listening;
    }

    /** Stops listening here; the file stays, and another process that has the socket goes on. */
    @Override
    public void stop() {
        listening.close();
    }

    @Override
    public boolean isInPlace() {
        try {
            return file != null && FileIdentity.of(path).equals(file);
        } catch (IOException e) {
            return false;
        }
    }

    /** Deletes the file if it is still this socket's. When it returns, the path is free, also if another thread deleted the file. */
    @Override
    public synchronized void deleteFile() {
        if (!isManaged && isInPlace()) {
            Quietly.close(() -> Files.delete(path));
        }
    }

    @Override
    public boolean isManaged() {
        return isManaged;
    }
}
