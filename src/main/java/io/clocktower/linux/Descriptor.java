package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file descriptor that this object owns: whoever holds the object closes it, once. Not thread-safe.
 */
public final class Descriptor implements AutoCloseable {

    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800;
    private static final String EVENTFD_LINK = "anon_inode:[eventfd]";

    private static final MethodHandle CLOSE = NativeCalls.capturing("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FCNTL = NativeCalls.capturingVariadic("fcntl", 2,
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    private int number;

    /** Takes over an open descriptor. */
    public Descriptor(int number) {
        this.number = number;
    }

    /** The descriptor's number; -1 once it is closed. */
    public int number() {
        return number;
    }

    /** Whether the descriptor is an eventfd. {@code fstat} cannot tell: all anonymous files share one inode. */
    public boolean isEventFd() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(number))).toString()
                    .equals(EVENTFD_LINK);
        } catch (IOException e) {
            return false;
        }
    }

    /** Sets O_NONBLOCK on the open file behind the descriptor, so for everybody who shares it. */
    public void makeNonBlocking() {
        int flags = fcntl(F_GETFL, 0);
        if ((flags & O_NONBLOCK) == 0) {
            fcntl(F_SETFL, flags | O_NONBLOCK);
        }
    }

    private int fcntl(int command, int argument) {
        try {
            return NativeCalls.check("fcntl",
                    (int) FCNTL.invokeExact(NativeCalls.state(), number, command, argument));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Closes the descriptor. What the kernel answers is of no use: the number is free in any case. */
    @Override
    public void close() {
        if (number == -1) {
            return;
        }
        int closing = number;
        number = -1;
        try {
            int ignored = (int) CLOSE.invokeExact(NativeCalls.state(), closing);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
