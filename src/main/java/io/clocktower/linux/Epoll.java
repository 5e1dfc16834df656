package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * An epoll instance and the events of its last {@link #await}. One thread owns it.
 *
 * <p>
 * {@code struct epoll_event} is {@code u32 events; u64 data}, packed to 12 bytes on x86-64 and 16 bytes long with the
 * data at 8 elsewhere.
 */
public final class Epoll implements AutoCloseable {

    public static final int EPOLLIN = 0x1;
    public static final int EPOLLRDHUP = 0x2000;
    /** Edge-triggered: an eventfd then reports each write to it once, and need not be read. */
    public static final int EPOLLET = 1 << 31;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
    private static final long EVENT_BYTES = PACKED ? 12 : 16;
    private static final long DATA_OFFSET = PACKED ? 4 : 8;

    private static final MethodHandle EPOLL_CREATE1 = NativeCalls.capturing("epoll_create1",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle EPOLL_CTL = NativeCalls.capturing("epoll_ctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle EPOLL_WAIT = NativeCalls.capturing("epoll_wait",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    private final Descriptor descriptor;
    private final int maxEvents;
    private final MemorySegment events;
    private final MemorySegment change;

    /**
     * @param maxEvents how many events one {@link #await} answers at most
     */
    public Epoll(int maxEvents) {
        this.maxEvents = maxEvents;
        // Held until the last reference goes: close() needs no order against a thread that waits.
        Arena arena = Arena.ofAuto();
        events = arena.allocate(EVENT_BYTES * maxEvents, JAVA_LONG.byteAlignment());
        change = arena.allocate(EVENT_BYTES, JAVA_LONG.byteAlignment());
        try {
            descriptor = new Descriptor(NativeCalls.check("epoll_create1",
                    (int) EPOLL_CREATE1.invokeExact(NativeCalls.state(), EPOLL_CLOEXEC)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Its descriptor, which another instance can watch: it is readable while there are events. */
    int number() {
        return descriptor.number();
    }

    /** Watches {@code fd} for {@code interest}; its events carry {@code token}. */
    public void add(int fd, int interest, long token) {
        control(EPOLL_CTL_ADD, fd, interest, token);
    }

    /** Stops watching {@code fd}, which must still be open. */
    public void remove(int fd) {
        control(EPOLL_CTL_DEL, fd, 0, 0);
    }

    private void control(int operation, int fd, int interest, long token) {
        Fields.setI32(change, 0, interest);
        Fields.setI64(change, DATA_OFFSET, token);
        try {
            NativeCalls.check("epoll_ctl",
                    (int) EPOLL_CTL.invokeExact(NativeCalls.state(), descriptor.number(), operation, fd, change));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Waits for events.
     *
     * @param timeoutMs how long at the most; 0 does not wait, -1 waits for ever
     * @return how many there are, 0 also where a signal ended the wait
     */
    public int await(int timeoutMs) {
        int count = timeoutMs == 0
                ? HotCalls.epollLook(descriptor.number(), events, maxEvents)
                : HotCalls.epollWait(descriptor.number(), events, maxEvents, timeoutMs);
        return count == -1 ? look() : count;
    }

    /** The same without a wait, after one that ended with an error: it either ends so again or was interrupted. */
    private int look() {
        try {
            int count = (int) EPOLL_WAIT.invokeExact(NativeCalls.state(), descriptor.number(), events, maxEvents, 0);
            return count == -1 && NativeCalls.errno() == Errno.EINTR ? 0 : NativeCalls.check("epoll_wait", count);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** The token of the event at {@code index} of the last {@link #await}. */
    public long token(int index) {
        return Fields.i64(events, index * EVENT_BYTES + DATA_OFFSET);
    }

    /** What happened, as EPOLL bits, in the event at {@code index} of the last {@link #await}. */
    public int happened(int index) {
        return Fields.i32(events, index * EVENT_BYTES);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
