package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls on a request's way, all without errno. Each has two forms: here that of the JVM, which compiles a call through a
 * constant method handle to a plain one, and in {@link HotCallsInNativeImage} that of a native image, which interprets method
 * handles.
 */
final class HotCalls {

    /** Apart, so that a native image does not link them. */
    private static final class Handles {

        /** Without a wait: a call that waits must leave the Java state, and this one is too short for that. */
        private static final MethodHandle EPOLL_LOOK = NativeCalls.critical("epoll_wait",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
        private static final MethodHandle EPOLL_WAIT = NativeCalls.plain("epoll_wait",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
        private static final MethodHandle POLL = NativeCalls.critical("poll",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        private static final MethodHandle WRITE = NativeCalls.plain("write",
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
        private static final MethodHandle SYSCALL_OF_7 = NativeCalls.plainVariadic("syscall", 1, FunctionDescriptor
                .of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle SYSCALL_OF_4 = NativeCalls.criticalVariadic("syscall", 1,
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS));
        private static final MethodHandle CLOCK_GETTIME = NativeCalls.critical("clock_gettime",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
        private static final MethodHandle MINCORE = NativeCalls.plain("mincore",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS));
        private static final MethodHandle FUNCTION = NativeCalls.criticalFunction(FunctionDescriptor.of(JAVA_LONG));
        /** Any function without effect is enough: the call leaves the Java state and comes back to it. */
        private static final MethodHandle ABS = NativeCalls.plain("abs", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    }

    private HotCalls() {}

    /** Links the calls, rather than at the first of them. */
    static void link() {
        MethodHandle ignored = Handles.CLOCK_GETTIME;
    }

    /** {@code epoll_wait}, which waits. */
    static int epollWait(int epoll, MemorySegment events, int maxEvents, int timeoutMs) {
        try {
            return (int) Handles.EPOLL_WAIT.invokeExact(epoll, events, maxEvents, timeoutMs);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** {@code epoll_wait} without a wait. */
    static int epollLook(int epoll, MemorySegment events, int maxEvents) {
        try {
            return (int) Handles.EPOLL_LOOK.invokeExact(epoll, events, maxEvents, 0);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** {@code poll} of one descriptor, without a wait. */
    static int poll(MemorySegment pollFd) {
        try {
            return (int) Handles.POLL.invokeExact(pollFd, 1L, 0);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** {@code write} of all of some bytes. */
    static long write(int fd, MemorySegment bytes) {
        try {
            return (long) Handles.WRITE.invokeExact(fd, bytes, bytes.byteSize());
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** {@code preadv2} into one vector, by its number, because old C libraries have no function for it. */
    static long preadv2(long number, int fd, MemorySegment vector, long position, long flags) {
        try {
            return (long) Handles.SYSCALL_OF_7.invokeExact(number, (long) fd, vector, 1L, position, 0L, flags);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** {@code io_submit} of one request, by its number: the C library has no function for it. */
    static long ioSubmit(long number, long context, MemorySegment requests) {
        try {
            return (long) Handles.SYSCALL_OF_4.invokeExact(number, context, 1L, requests);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    static int clockGettime(int clock, MemorySegment timespec) {
        try {
            return (int) Handles.CLOCK_GETTIME.invokeExact(clock, timespec);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    static int mincore(long address, long bytes, MemorySegment pages) {
        try {
            return (int) Handles.MINCORE.invokeExact(address, bytes, pages);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Calls machine code that takes nothing, returns a number and ends at once. */
    static long call(MemorySegment function) {
        try {
            return (long) Handles.FUNCTION.invokeExact(function);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * A mapping was made, whose memory another process can take away.
     *
     * @return what {@link #onUnmap} has to be given
     * @throws LinuxException if this runtime would not survive that
     */
    static int onMap(long address, long length, long block) {
        // The JVM survives it.
        return -1;
    }

    /** Such a mapping is about to end. */
    static void onUnmap(int slot) {
        // It does not know of it.
    }

    /** Has the runtime throw what an earlier access to memory has caused: see {@link Mmap#settle}. */
    static void settle() {
        try {
            int ignored = (int) Handles.ABS.invokeExact(0);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
