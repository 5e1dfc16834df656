package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Sends and receives bytes and file descriptors over a UNIX stream socket, without blocking and without SIGPIPE. One thread
 * owns it.
 *
 * <pre>
 * struct msghdr (56 bytes)      struct cmsghdr (16 bytes, then its data)
 *   0 u64 msg_name                0 u64 cmsg_len
 *   8 u32 msg_namelen             8 i32 cmsg_level
 *  16 u64 msg_iov                12 i32 cmsg_type
 *  24 u64 msg_iovlen
 *  32 u64 msg_control
 *  40 u64 msg_controllen
 *  48 i32 msg_flags
 * </pre>
 */
public final class MessageSocket {

    /** {@link #receive} answers this where there is nothing to receive now. */
    public static final int NOTHING = -1;
    /** {@link #receive} answers this where the peer sends no more, and {@link #send} where it receives no more. */
    public static final int END = 0;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final long MSGHDR_BYTES = 56;
    private static final long IOV_OFFSET = 16;
    private static final long IOVLEN_OFFSET = 24;
    private static final long CONTROL_OFFSET = 32;
    private static final long CONTROLLEN_OFFSET = 40;
    private static final long IOVEC_BYTES = 16;
    private static final long CMSGHDR_BYTES = 16;
    private static final long CMSG_LEVEL_OFFSET = 8;
    private static final long CMSG_TYPE_OFFSET = 12;

    private static final MethodHandle RECVMSG = NativeCalls.capturing("recvmsg",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SENDMSG = NativeCalls.capturing("sendmsg",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SEND = NativeCalls.capturing("send",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private final int fd;
    private final long controlBytes;
    private final MemorySegment header;
    private final MemorySegment vector;
    private final MemorySegment control;

    /**
     * @param fd a connected stream socket, which stays its owner's to close
     * @param maxDescriptors how many descriptors one {@link #receive} takes; the kernel drops those that are sent beyond
     * @param arena holds what the calls need; it must outlive this object
     */
    public MessageSocket(int fd, int maxDescriptors, Arena arena) {
        this.fd = fd;
        controlBytes = CMSGHDR_BYTES + Math.max(2, maxDescriptors) * (long) Integer.BYTES;
        header = arena.allocate(MSGHDR_BYTES, JAVA_LONG.byteAlignment());
        vector = arena.allocate(IOVEC_BYTES, JAVA_LONG.byteAlignment());
        control = arena.allocate(controlBytes, JAVA_LONG.byteAlignment());
        header.set(ADDRESS, IOV_OFFSET, vector);
        Fields.setI64(header, IOVLEN_OFFSET, 1);
        header.set(ADDRESS, CONTROL_OFFSET, control);
    }

    /**
     * Receives what has arrived.
     *
     * @param buffer for the bytes; not empty
     * @param descriptors takes the descriptors that came with them, which are the caller's from then on
     * @return how many bytes came, {@link #NOTHING} or {@link #END}
     */
    public int receive(MemorySegment buffer, List<Descriptor> descriptors) {
        vector.set(ADDRESS, 0, buffer);
        Fields.setI64(vector, Long.BYTES, buffer.byteSize());
        Fields.setI64(header, CONTROLLEN_OFFSET, controlBytes);
        try {
            long count = (long) RECVMSG.invokeExact(NativeCalls.state(), fd, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            if (count == -1) {
                int errno = NativeCalls.errno();
                if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                    return NOTHING;
                }
                if (errno == Errno.ECONNRESET) {
                    // It closed without having read all that we sent.
                    return END;
                }
                throw new LinuxException("recvmsg", errno);
            }
            takeDescriptors(Fields.i64(header, CONTROLLEN_OFFSET), descriptors);
            return (int) count;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** The kernel puts all descriptors of one receive into one control message, and we ask for no other kind. */
    private void takeDescriptors(long receivedBytes, List<Descriptor> descriptors) {
        if (receivedBytes < CMSGHDR_BYTES || Fields.i32(control, CMSG_LEVEL_OFFSET) != SOL_SOCKET
                || Fields.i32(control, CMSG_TYPE_OFFSET) != SCM_RIGHTS) {
            return;
        }
        long end = Math.min(controlBytes, Fields.i64(control, 0));
        for (long offset = CMSGHDR_BYTES; offset + Integer.BYTES <= end; offset += Integer.BYTES) {
            descriptors.add(new Descriptor(Fields.i32(control, offset)));
        }
    }

    /**
     * Sends bytes, as far as the socket has room for them.
     *
     * @return how many were sent, {@link #NOTHING} if there was no room, or {@link #END}
     */
    public int send(MemorySegment bytes) {
        try {
            return sent("send", (long) SEND.invokeExact(NativeCalls.state(), fd, bytes, bytes.byteSize(),
                    MSG_DONTWAIT | MSG_NOSIGNAL));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** The same with a descriptor, which stays the caller's; if no byte was sent, it was not either. */
    public int send(MemorySegment bytes, Descriptor descriptor) {
        vector.set(ADDRESS, 0, bytes);
        Fields.setI64(vector, Long.BYTES, bytes.byteSize());
        Fields.setI64(header, CONTROLLEN_OFFSET, CMSGHDR_BYTES + Long.BYTES);
        Fields.setI64(control, 0, CMSGHDR_BYTES + Integer.BYTES);
        Fields.setI32(control, CMSG_LEVEL_OFFSET, SOL_SOCKET);
        Fields.setI32(control, CMSG_TYPE_OFFSET, SCM_RIGHTS);
        Fields.setI32(control, CMSGHDR_BYTES, descriptor.number());
        try {
            return sent("sendmsg", (long) SENDMSG.invokeExact(NativeCalls.state(), fd, header,
                    MSG_DONTWAIT | MSG_NOSIGNAL));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static int sent(String call, long count) {
        if (count != -1) {
            return (int) count;
        }
        return switch (NativeCalls.errno()) {
            case Errno.EAGAIN, Errno.EINTR -> NOTHING;
            case Errno.EPIPE, Errno.ECONNRESET -> END;
            default -> throw new LinuxException(call, NativeCalls.errno());
        };
    }

    /** Whether the peer has gone, even where bytes that it sent before still wait to be received. */
    public boolean isHungUp() {
        int gone = Poll.POLLRDHUP | Poll.POLLERR | Poll.POLLHUP;
        return (Poll.now(fd, Poll.POLLRDHUP) & gone) != 0;
    }
}
