package io.clocktower.frontend;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.clocktower.linux.Descriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls that only the tests make. */
@SuppressWarnings("restricted")
public final class Libc {

    private static final MethodHandle MEMFD_CREATE = link("memfd_create",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle FTRUNCATE = link("ftruncate",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle READ = link("read",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle EVENTFD = link("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle PIPE = link("pipe", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle POLL = link("poll",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private static final ThreadLocal<MemorySegment> BUFFER = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(8, 8));

    private Libc() {}

    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name),
                descriptor);
    }

    /** A file in memory, {@code bytes} long. */
    public static Descriptor memfd(long bytes) {
        try (var arena = Arena.ofConfined()) {
            var file = new Descriptor(check((int) MEMFD_CREATE.invokeExact(arena.allocateFrom("guest"), 0)));
            truncate(file, bytes);
            return file;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    public static void truncate(Descriptor file, long bytes) {
        try {
            check((int) FTRUNCATE.invokeExact(file.number(), bytes));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** A blocking eventfd with the count zero. */
    public static Descriptor eventFd() {
        try {
            return new Descriptor(check((int) EVENTFD.invokeExact(0, 0)));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** One end of a pipe; the other is closed. */
    public static Descriptor pipe() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            check((int) PIPE.invokeExact(ends));
            new Descriptor(ends.getAtIndex(JAVA_INT, 1)).close();
            return new Descriptor(ends.getAtIndex(JAVA_INT, 0));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Waits until a descriptor is readable, or the time is up. */
    public static boolean awaitReadable(Descriptor descriptor, int timeoutMs) {
        MemorySegment pollFd = BUFFER.get();
        pollFd.set(JAVA_INT, 0, descriptor.number());
        pollFd.set(JAVA_INT, 4, 1);
        try {
            return check((int) POLL.invokeExact(pollFd, 1L, timeoutMs)) == 1;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Reads an eventfd's count, which is zero afterwards; waits for one where the eventfd blocks. */
    public static long readCount(Descriptor eventFd) {
        MemorySegment buffer = BUFFER.get();
        try {
            long count = (long) READ.invokeExact(eventFd.number(), buffer, 8L);
            return count == 8 ? buffer.get(JAVA_LONG, 0) : 0;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    private static int check(int result) {
        if (result == -1) {
            throw new AssertionError("a system call failed");
        }
        return result;
    }
}
