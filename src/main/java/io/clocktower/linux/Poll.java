package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * How one descriptor is at this moment, without waiting and without allocating. Thread-safe.
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

    private static final MethodHandle POLL = NativeCalls.critical("poll",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final ThreadLocal<MemorySegment> POLLFD = NativeCalls.scratch(POLLFD_BYTES);

    private Poll() {}

    /**
     * @param events what is asked for, as POLL bits
     * @return which of them are so; POLLERR and POLLHUP too, which nobody has to ask for
     */
    static int now(int fd, int events) {
        MemorySegment pollFd = POLLFD.get();
        pollFd.set(JAVA_INT, 0, fd);
        pollFd.set(JAVA_SHORT, EVENTS_OFFSET, (short) events);
        try {
            int ready = (int) POLL.invokeExact(pollFd, 1L, 0);
            return ready > 0 ? Short.toUnsignedInt(pollFd.get(JAVA_SHORT, REVENTS_OFFSET)) : 0;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
