package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A non-blocking eventfd: our own, or one that a front-end sent. Any thread may signal our own; the thread that adopted one
 * is the only one that may use it.
 */
public final class EventFd implements AutoCloseable {

    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int MAX_READS = 64;

    private static final MethodHandle EVENTFD = NativeCalls.capturing("eventfd",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final ThreadLocal<MemorySegment> ONE = ThreadLocal.withInitial(() -> {
        MemorySegment one = NativeCalls.scratch(Long.BYTES).get();
        Fields.setI64(one, 0, 1);
        return one;
    });
    private final Descriptor descriptor;
    /** For an adopted eventfd; null for our own. */
    private final EventSignals signals;

    private EventFd(Descriptor descriptor, EventSignals signals) {
        this.descriptor = descriptor;
        this.signals = signals;
    }

    /** A new one, with the count zero. */
    public static EventFd create() {
        try {
            return new EventFd(new Descriptor(NativeCalls.check("eventfd",
                    (int) EVENTFD.invokeExact(NativeCalls.state(), 0, EFD_CLOEXEC | EFD_NONBLOCK))), null);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Takes over a descriptor that another process made, and makes it non-blocking. That process can undo the latter at any
     * time: {@code signals} must not depend on it.
     *
     * @throws IllegalArgumentException if it is not an eventfd; the descriptor is still the caller's then
     */
    public static EventFd adopt(Descriptor descriptor, EventSignals signals) {
        if (!descriptor.isEventFd()) {
            throw new IllegalArgumentException("file descriptor is not an eventfd");
        }
        descriptor.makeNonBlocking();
        return new EventFd(descriptor, signals);
    }

    public int number() {
        return descriptor.number();
    }

    /** It stays this object's. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /** Adds one to the count. A full count stays as it is: a thread that waits for it is woken in any case. */
    public void signal() {
        if (signals != null) {
            signals.signal(descriptor.number());
        } else {
            write(descriptor.number());
        }
    }

    static void write(int fd) {
        long ignored = HotCalls.write(fd, ONE.get());
    }

    /**
     * Reads the count, which is zero afterwards. This never waits: between a poll and a plain {@code read}, a process that
     * shares the open file could empty it and make it block.
     *
     * @return whether the count was more than zero; false also where the kernel cannot read without a wait (before Linux
     *         5.8), which then leaves the count as it is
     */
    public boolean takeCount() {
        long count = NoWaitRead.u64(number());
        boolean wasSignalled = count != 0;
        // One with EFD_SEMAPHORE counts down by one for each read. Its maker chose the count, so this ends at some time.
        for (int i = 1; i < MAX_READS && count == 1; i++) {
            count = NoWaitRead.u64(number());
        }
        return wasSignalled;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
