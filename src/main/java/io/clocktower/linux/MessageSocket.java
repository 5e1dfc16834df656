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
 * Receives bytes and file descriptors from a UNIX stream socket, without blocking. One thread owns it.
 *
 * <p>
 * It makes the one call that is not left to junixsocket: junixsocket 2.11 receives at most 60 descriptors a call, and
 * where a peer sends more it drops those that did arrive without closing them. Here is room for all that the kernel
 * lets one message carry.
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
    /** {@link #receive} answers this where the peer sends no more. */
    public static final int END = 0;

    private static final int SCM_MAX_FD = 253;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
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
    private static final long CONTROL_BYTES = CMSGHDR_BYTES + (SCM_MAX_FD + 1) * (long) Integer.BYTES;

    private static final MethodHandle RECVMSG = NativeCalls.capturing("recvmsg",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

    private final int fd;
    private final MemorySegment header;
    private final MemorySegment vector;
    private final MemorySegment control;

    /**
     * @param fd a connected stream socket, which stays its owner's to close
     * @param arena holds what the calls need; it must outlive this object
     */
    public MessageSocket(int fd, Arena arena) {
        this.fd = fd;
        header = arena.allocate(MSGHDR_BYTES, JAVA_LONG.byteAlignment());
        vector = arena.allocate(IOVEC_BYTES, JAVA_LONG.byteAlignment());
        control = arena.allocate(CONTROL_BYTES, JAVA_LONG.byteAlignment());
        header.set(ADDRESS, IOV_OFFSET, vector);
        header.set(JAVA_LONG, IOVLEN_OFFSET, 1);
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
        vector.set(JAVA_LONG, Long.BYTES, buffer.byteSize());
        header.set(JAVA_LONG, CONTROLLEN_OFFSET, CONTROL_BYTES);
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
            takeDescriptors(header.get(JAVA_LONG, CONTROLLEN_OFFSET), descriptors);
            return (int) count;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** The kernel puts all descriptors of one receive into one control message, and we ask for no other kind. */
    private void takeDescriptors(long controlBytes, List<Descriptor> descriptors) {
        if (controlBytes < CMSGHDR_BYTES || control.get(JAVA_INT, CMSG_LEVEL_OFFSET) != SOL_SOCKET
                || control.get(JAVA_INT, CMSG_TYPE_OFFSET) != SCM_RIGHTS) {
            return;
        }
        long end = control.get(JAVA_LONG, 0);
        for (long offset = CMSGHDR_BYTES; offset + Integer.BYTES <= end; offset += Integer.BYTES) {
            descriptors.add(new Descriptor(control.get(JAVA_INT, offset)));
        }
    }

    /** Whether the peer has gone, even where bytes that it sent before still wait to be received. */
    public boolean isHungUp() {
        int gone = Poll.POLLRDHUP | Poll.POLLERR | Poll.POLLHUP;
        return (Poll.now(fd, Poll.POLLRDHUP) & gone) != 0;
    }
}
