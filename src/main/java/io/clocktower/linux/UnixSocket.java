package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * UNIX stream sockets: listens, connects, accepts, and tells who connected. Thread-safe.
 *
 * <pre>
 * struct sockaddr_un (110 bytes)
 *   0 u16 sun_family
 *   2 char sun_path[108]
 * </pre>
 */
public final class UnixSocket {

    private static final short AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int BACKLOG = 128;
    private static final long PATH_OFFSET = 2;
    private static final int PATH_BYTES = 108;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_PEERCRED = 17;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final long UCRED_BYTES = 12;
    private static final long UID_OFFSET = 4;
    private static final long GID_OFFSET = 8;

    private static final FunctionDescriptor OF_ADDRESS = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SOCKET = NativeCalls.capturing("socket",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SOCKETPAIR = NativeCalls.capturing("socketpair",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle BIND = NativeCalls.capturing("bind", OF_ADDRESS);
    private static final MethodHandle CONNECT = NativeCalls.capturing("connect", OF_ADDRESS);
    private static final MethodHandle LISTEN = NativeCalls.capturing("listen",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle ACCEPT4 = NativeCalls.capturing("accept4",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKNAME = NativeCalls.capturing("getsockname",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle GETSOCKOPT = NativeCalls.capturing("getsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    private UnixSocket() {}

    /**
     * The process at the other end of a connection, as the kernel knew it when it connected: {@code struct ucred} is
     * {@code i32 pid; u32 uid; u32 gid}.
     */
    public record Credentials(long pid, long uid, long gid) {}

    /**
     * Listens at a path, at which nothing must be yet.
     *
     * @return the socket, non-blocking and the caller's
     */
    public static Descriptor listen(Path path) {
        Descriptor socket = open(SOCK_STREAM);
        boolean isListening = false;
        try {
            call("bind", BIND, socket, path);
            NativeCalls.check("listen", (int) LISTEN.invokeExact(NativeCalls.state(), socket.number(), BACKLOG));
            isListening = true;
            return socket;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        } finally {
            if (!isListening) {
                socket.close();
            }
        }
    }

    /**
     * Connects to who listens at a path.
     *
     * @return the connection, non-blocking and the caller's
     */
    public static Descriptor connect(Path path) {
        Descriptor socket = open(SOCK_STREAM);
        boolean isConnected = false;
        try {
            call("connect", CONNECT, socket, path);
            isConnected = true;
            return socket;
        } finally {
            if (!isConnected) {
                socket.close();
            }
        }
    }

    /**
     * A datagram socket to a name, which is in the abstract namespace if it begins with {@code @}.
     *
     * @return non-blocking and the caller's
     */
    public static Descriptor connectDatagram(String name) {
        Descriptor socket = open(SOCK_DGRAM);
        boolean isConnected = false;
        try {
            call("connect", CONNECT, socket, name);
            isConnected = true;
            return socket;
        } finally {
            if (!isConnected) {
                socket.close();
            }
        }
    }

    /** Two sockets that are connected to each other, non-blocking and the caller's. */
    public static List<Descriptor> pair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(2 * JAVA_INT.byteSize(), JAVA_INT.byteAlignment());
            NativeCalls.check("socketpair", (int) SOCKETPAIR.invokeExact(NativeCalls.state(), (int) AF_UNIX,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, both));
            return List.of(new Descriptor(Fields.i32(both, 0)), new Descriptor(Fields.i32(both, Integer.BYTES)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static Descriptor open(int type) {
        try {
            return new Descriptor(NativeCalls.check("socket", (int) SOCKET.invokeExact(NativeCalls.state(),
                    (int) AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static void call(String name, MethodHandle call, Descriptor socket, Path path) {
        call(name, call, socket, path.toString());
    }

    private static void call(String name, MethodHandle call, Descriptor socket, String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = path.startsWith("@");
        if (isAbstract) {
            bytes[0] = 0;
        }
        if (bytes.length >= PATH_BYTES) {
            throw new LinuxException(name, Errno.ENAMETOOLONG);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PATH_OFFSET + PATH_BYTES, JAVA_INT.byteAlignment());
            Fields.setI16(address, 0, AF_UNIX);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, address, PATH_OFFSET, bytes.length);
            NativeCalls.check(name, (int) call.invokeExact(NativeCalls.state(), socket.number(), address,
                    (int) (isAbstract ? PATH_OFFSET + bytes.length : address.byteSize())));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Accepts a connection.
     *
     * @param listening a listening socket's descriptor, non-blocking
     * @return the connection, non-blocking and the caller's; null if none waits
     */
    public static Descriptor accept(int listening) {
        try {
            int fd = (int) ACCEPT4.invokeExact(NativeCalls.state(), listening, MemorySegment.NULL, MemorySegment.NULL,
                    SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd == -1) {
                int errno = NativeCalls.errno();
                if (errno == Errno.EAGAIN || errno == Errno.EINTR || errno == Errno.ECONNABORTED) {
                    return null;
                }
                throw new LinuxException("accept4", errno);
            }
            return new Descriptor(fd);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Where a socket listens that another process made.
     *
     * @return nothing if it is not a listening UNIX stream socket with a path
     */
    public static Optional<Path> listeningAt(Descriptor socket) {
        try (Arena arena = Arena.ofConfined()) {
            if (option(arena, socket, SO_DOMAIN) != AF_UNIX || option(arena, socket, SO_TYPE) != SOCK_STREAM
                    || option(arena, socket, SO_ACCEPTCONN) != 1) {
                return Optional.empty();
            }
            MemorySegment address = arena.allocate(PATH_OFFSET + PATH_BYTES + 1, JAVA_INT.byteAlignment());
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) (PATH_OFFSET + PATH_BYTES));
            NativeCalls.check("getsockname",
                    (int) GETSOCKNAME.invokeExact(NativeCalls.state(), socket.number(), address, length));
            String path = address.getString(PATH_OFFSET);
            return path.isEmpty() ? Optional.empty() : Optional.of(Path.of(path));
        } catch (LinuxException e) {
            return Optional.empty();
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Whether an inherited descriptor is a UNIX stream socket that is connected. */
    public static boolean isConnection(Descriptor socket) {
        try (Arena arena = Arena.ofConfined()) {
            return option(arena, socket, SO_DOMAIN) == AF_UNIX && option(arena, socket, SO_TYPE) == SOCK_STREAM
                    && option(arena, socket, SO_ACCEPTCONN) == 0 && peer(socket).pid() != 0;
        } catch (LinuxException e) {
            return false;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static int option(Arena arena, Descriptor socket, int name) throws Throwable {
        MemorySegment value = arena.allocate(JAVA_INT);
        MemorySegment length = arena.allocateFrom(JAVA_INT, Integer.BYTES);
        NativeCalls.check("getsockopt", (int) GETSOCKOPT.invokeExact(NativeCalls.state(), socket.number(), SOL_SOCKET,
                name, value, length));
        return value.get(JAVA_INT, 0);
    }

    /** Who is at the other end of a connection (SO_PEERCRED). */
    public static Credentials peer(Descriptor socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment credentials = arena.allocate(UCRED_BYTES, JAVA_INT.byteAlignment());
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) UCRED_BYTES);
            NativeCalls.check("getsockopt", (int) GETSOCKOPT.invokeExact(NativeCalls.state(), socket.number(),
                    SOL_SOCKET, SO_PEERCRED, credentials, length));
            return new Credentials(Fields.i32(credentials, 0),
                    Integer.toUnsignedLong(Fields.i32(credentials, UID_OFFSET)),
                    Integer.toUnsignedLong(Fields.i32(credentials, GID_OFFSET)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
