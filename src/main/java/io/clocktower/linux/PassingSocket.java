package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A connected UNIX stream socket over which two processes pass bytes and descriptors, and wait for each other up to a
 * deadline. Not for an event loop. One thread owns it.
 */
public final class PassingSocket implements AutoCloseable {

    /** SCM_MAX_FD: how many descriptors the kernel passes with one message. */
    public static final int MAX_DESCRIPTORS = 253;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int POLLIN = 0x1;
    private static final int POLLOUT = 0x4;
    private static final long POLLFD_BYTES = 8;
    private static final long MSGHDR_BYTES = 56;
    private static final long CMSGHDR_BYTES = 16;
    private static final int CHUNK_BYTES = 1 << 16;

    private static final MethodHandle SENDMSG = NativeCalls.capturing("sendmsg",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle POLL = NativeCalls.capturing("poll",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private final Descriptor socket;
    private final Arena arena = Arena.ofConfined();
    private final MessageSocket messages;
    private final MemorySegment chunk = arena.allocate(CHUNK_BYTES, Long.BYTES);
    private final MemorySegment pollFd = arena.allocate(POLLFD_BYTES, Long.BYTES);

    /**
     * @param socket non-blocking; becomes this object's
     */
    public PassingSocket(Descriptor socket) {
        this.socket = socket;
        messages = new MessageSocket(socket.number(), MAX_DESCRIPTORS, arena);
    }

    /** The process at the other end. */
    public UnixSocket.Credentials peer() {
        return UnixSocket.peer(socket);
    }

    /**
     * Sends all bytes, and with the first of them descriptors, which stay the caller's.
     *
     * @param descriptors at most {@link #MAX_DESCRIPTORS}, and none without a byte
     * @throws IOException if the peer has gone, or does not receive in time
     */
    public void send(byte[] bytes, List<Descriptor> descriptors, Duration patience) throws IOException {
        long endNs = System.nanoTime() + patience.toNanos();
        List<Descriptor> with = descriptors;
        int sent = 0;
        while (sent < bytes.length) {
            int part = Math.min(CHUNK_BYTES, bytes.length - sent);
            MemorySegment.copy(MemorySegment.ofArray(bytes), sent, chunk, 0, part);
            int count = send(chunk.asSlice(0, part), with);
            if (count == MessageSocket.NOTHING) {
                await(POLLOUT, endNs);
            } else {
                sent += count;
                with = List.of();
            }
        }
    }

    private int send(MemorySegment bytes, List<Descriptor> descriptors) throws IOException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment vector = call.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
            vector.set(ADDRESS, 0, bytes);
            vector.set(JAVA_LONG, JAVA_LONG.byteSize(), bytes.byteSize());
            MemorySegment header = call.allocate(MSGHDR_BYTES, JAVA_LONG.byteAlignment());
            header.set(ADDRESS, 16, vector);
            header.set(JAVA_LONG, 24, 1);
            if (!descriptors.isEmpty()) {
                long dataBytes = descriptors.size() * (long) Integer.BYTES;
                MemorySegment control = call.allocate(CMSGHDR_BYTES + (dataBytes + 7 & -8), JAVA_LONG.byteAlignment());
                control.set(JAVA_LONG, 0, CMSGHDR_BYTES + dataBytes);
                control.set(JAVA_INT, 8, SOL_SOCKET);
                control.set(JAVA_INT, 12, SCM_RIGHTS);
                for (int i = 0; i < descriptors.size(); i++) {
                    control.set(JAVA_INT, CMSGHDR_BYTES + i * (long) Integer.BYTES, descriptors.get(i).number());
                }
                header.set(ADDRESS, 32, control);
                header.set(JAVA_LONG, 40, control.byteSize());
            }
            long count = (long) SENDMSG.invokeExact(NativeCalls.state(), socket.number(), header,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count >= 0) {
                return (int) count;
            }
            int errno = NativeCalls.errno();
            if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                return MessageSocket.NOTHING;
            }
            if (errno == Errno.EPIPE || errno == Errno.ECONNRESET) {
                throw new EOFException("the other process has closed the connection");
            }
            throw new IOException(new LinuxException("sendmsg", errno).getMessage());
        } catch (IOException e) {
            throw e;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Receives so many bytes.
     *
     * @param descriptors takes those that come with them, which are the caller's from then on
     * @throws EOFException if the peer has gone
     * @throws IOException if they do not come in time
     */
    public byte[] receive(int count, List<Descriptor> descriptors, Duration patience) throws IOException {
        long endNs = System.nanoTime() + patience.toNanos();
        // Grows with what comes: a number of bytes that never come takes no memory.
        byte[] bytes = new byte[Math.min(CHUNK_BYTES, count)];
        int received = 0;
        while (received < count) {
            if (received == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(2L * received, count));
            }
            int part = messages.receive(chunk.asSlice(0, Math.min(CHUNK_BYTES, bytes.length - received)), descriptors);
            if (part == MessageSocket.END) {
                throw new EOFException("the other process has closed the connection");
            }
            if (part == MessageSocket.NOTHING) {
                await(POLLIN, endNs);
            } else {
                MemorySegment.copy(chunk, 0, MemorySegment.ofArray(bytes), received, part);
                received += part;
            }
        }
        return bytes;
    }

    private void await(int events, long endNs) throws IOException {
        long leftMs = (endNs - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0) {
            throw new IOException("the other process does not answer in time");
        }
        Fields.setI32(pollFd, 0, socket.number());
        Fields.setI16(pollFd, 4, events);
        try {
            int ignored = (int) POLL.invokeExact(NativeCalls.state(), pollFd, 1L,
                    (int) Math.min(leftMs, Integer.MAX_VALUE));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
