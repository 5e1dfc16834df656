package io.clocktower.linux;

import java.lang.foreign.MemorySegment;

/**
 * The state of one descriptor at this moment, without waiting and without allocating. Thread-safe.
 *
 * <pre>
 * struct pollfd
 *   0 i32 fd
 *   4 i16 events
 *   6 i16 revents
 * </pre>
 */
final class Poll {

    static final int POLLOUT = 0x4;
    static final int POLLERR = 0x8;
    static final int POLLHUP = 0x10;
    static final int POLLRDHUP = 0x2000;

    private static final long POLLFD_BYTES = 8;
    private static final long EVENTS_OFFSET = 4;
    private static final long REVENTS_OFFSET = 6;

    private static final ThreadLocal<MemorySegment> POLLFD = NativeCalls.scratch(POLLFD_BYTES);

    private Poll() {}

    /**
     * @param events what is asked for, as POLL bits
     * @return which of them are set; POLLERR and POLLHUP may be set without being asked for
     */
    static int now(int fd, int events) {
        MemorySegment pollFd = POLLFD.get();
        Fields.setI32(pollFd, 0, fd);
        Fields.setI16(pollFd, EVENTS_OFFSET, (short) events);
        return HotCalls.poll(pollFd) > 0 ? Short.toUnsignedInt(Fields.i16(pollFd, REVENTS_OFFSET)) : 0;
    }
}
