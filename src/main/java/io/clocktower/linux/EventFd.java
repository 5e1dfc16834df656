package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A non-blocking eventfd: our own, or one that a front-end sent. {@link #signal} is thread-safe, the rest is not.
 */
public final class EventFd implements AutoCloseable {

    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    private static final MethodHandle EVENTFD = NativeCalls.capturing("eventfd",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = NativeCalls.plain("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    private static final ThreadLocal<MemorySegment> ONE = ThreadLocal.withInitial(() -> {
        MemorySegment one = NativeCalls.scratch(Long.BYTES).get();
        one.set(JAVA_LONG, 0, 1);
        return one;
    });

    private final Descriptor descriptor;
    private final boolean isAdopted;

    private EventFd(Descriptor descriptor, boolean isAdopted) {
        this.descriptor = descriptor;
        this.isAdopted = isAdopted;
    }

    /** A new one, with the count zero. */
    public static EventFd create() {
        try {
            return new EventFd(new Descriptor(NativeCalls.check("eventfd",
                    (int) EVENTFD.invokeExact(NativeCalls.state(), 0, EFD_CLOEXEC | EFD_NONBLOCK))), false);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Takes over a descriptor that somebody else made. It becomes non-blocking, so that neither a full count nor a
     * blocking peer can stall the thread that signals.
     *
     * @throws IllegalArgumentException if it is no eventfd; the descriptor is still the caller's then
     */
    public static EventFd adopt(Descriptor descriptor) {
        if (!descriptor.isEventFd()) {
            throw new IllegalArgumentException("file descriptor is not an eventfd");
        }
        descriptor.makeNonBlocking();
        return new EventFd(descriptor, true);
    }

    public int number() {
        return descriptor.number();
    }

    /**
     * Adds one to the count. A count that is full stays as it is: whoever waits for it is woken in any case.
     *
     * <p>
     * Of an adopted eventfd we ask first: whether it blocks belongs to the open file, which its maker shares and can make
     * blocking again.
     */
    public void signal() {
        if (isAdopted && !hasRoom()) {
            return;
        }
        try {
            long ignored = (long) WRITE.invokeExact(descriptor.number(), ONE.get(), (long) Long.BYTES);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private boolean hasRoom() {
        return (Poll.now(descriptor.number(), Poll.POLLOUT) & Poll.POLLOUT) != 0;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
