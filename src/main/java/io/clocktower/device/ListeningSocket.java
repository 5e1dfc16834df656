package io.clocktower.device;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/** A device's listening socket and its file, which is 0660 and is removed when the socket is closed. */
final class ListeningSocket implements AutoCloseable {

    private static final int S_IFMT = 0xf000;
    private static final int S_IFSOCK = 0xc000;
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-rw----");

    private final Path path;
    private final AFUNIXServerSocketChannel channel;
    private final Object fileKey;

    private ListeningSocket(Path path, AFUNIXServerSocketChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        fileKey = fileKeyOf(path);
    }

    /**
     * Listens at {@code path}. A socket file that nobody listens at any more is replaced.
     *
     * @throws DeviceException if that cannot be; the message says why
     */
    static ListeningSocket bind(Path path) throws DeviceException {
        removeStale(path);
        AFUNIXServerSocketChannel channel = null;
        boolean isBound = false;
        try {
            channel = AFUNIXServerSocketChannel.open();
            channel.configureBlocking(false);
            // Or else it removes whatever then lies at the path, a successor's socket file too.
            channel.socket().setDeleteOnClose(false);
            channel.bind(AFUNIXSocketAddress.of(path));
            isBound = true;
            Files.setPosixFilePermissions(path, MODE);
            return new ListeningSocket(path, channel);
        } catch (IOException e) {
            if (isBound) {
                closeQuietly(() -> Files.deleteIfExists(path));
            }
            closeQuietly(channel);
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
                throw DeviceException.conflict(path + " is in use: somebody listens there");
            }
            Files.delete(path);
        } catch (NoSuchFileException e) {
            // Nothing stands in the way.
        } catch (IOException e) {
            throw DeviceException.failed("cannot replace " + path + ": " + reason(e), e);
        }
    }

    /** Nobody listens where a connection is refused. A full backlog is a listener's too, and is not waited for. */
    private static boolean isLive(Path path) throws IOException {
        try (var probe = AFUNIXSocketChannel.open()) {
            probe.configureBlocking(false);
            probe.connect(AFUNIXSocketAddress.of(path));
            return true;
        } catch (SocketException e) {
            return e.getMessage() == null || !e.getMessage().contains("refused");
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    private static Object fileKeyOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
    }

    int number() throws IOException {
        return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
    }

    /** The next front-end that waits, or null. */
    AFUNIXSocketChannel accept() throws IOException {
        return channel.accept();
    }

    /** Stops listening, and removes the socket file if it is still this socket's. */
    @Override
    public void close() {
        closeQuietly(channel);
        try {
            if (fileKeyOf(path).equals(fileKey)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            // Somebody else removed it.
        }
    }

    static void closeQuietly(AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            // It is not needed any more, whatever it says.
        }
    }
}
