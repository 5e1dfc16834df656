package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file descriptor that this object owns. The owner of the object closes it, once. Not thread-safe.
 */
public final class Descriptor implements AutoCloseable {

    /** The {@link #number} of a descriptor that is closed. */
    public static final int CLOSED = -1;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_GET_SEALS = 1034;
    private static final int F_SEAL_SHRINK = 2;
    private static final int O_NONBLOCK = 0x800;
    private static final long STATFS_BYTES = 120;
    private static final long TMPFS_MAGIC = 0x01021994;
    private static final String EVENTFD_LINK = "anon_inode:[eventfd]";

    private static final MethodHandle CLOSE = NativeCalls.capturing("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FCNTL = NativeCalls.capturingVariadic("fcntl", 2,
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    private static final MethodHandle FSTATFS = NativeCalls.capturing("fstatfs",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    private int number;

    /** Takes over an open descriptor. */
    public Descriptor(int number) {
        this.number = number;
    }

    /** The descriptor's number, or {@link #CLOSED}. */
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

    /**
     * Whether the descriptor is a file of a memfd, tmpfs or hugetlbfs: only those have seals. The kernel answers without
     * asking a file system, which may never answer.
     */
    public boolean isMemory() {
        return seals() != -1;
    }

    /** Whether the descriptor is a memfd whose file no process can ever make shorter (F_SEAL_SHRINK). */
    public boolean cannotShrink() {
        int seals = seals();
        return seals != -1 && (seals & F_SEAL_SHRINK) != 0;
    }

    private int seals() {
        try {
            return (int) FCNTL.invokeExact(NativeCalls.state(), number, F_GET_SEALS, 0);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Whether the descriptor is a file in memory of small pages, a memfd too: one of huge pages may lack a page. */
    public boolean isOnTmpfs() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATFS_BYTES, Long.BYTES);
            NativeCalls.check("fstatfs", (int) FSTATFS.invokeExact(NativeCalls.state(), number, status));
            return Fields.i64(status, 0) == TMPFS_MAGIC;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Hands the descriptor over to another object; for this one it is closed. */
    public Descriptor move() {
        int moved = number;
        number = CLOSED;
        return new Descriptor(moved);
    }

    /** Another descriptor of the same open file, which is the caller's. */
    public Descriptor duplicate() {
        return new Descriptor(fcntl(F_DUPFD_CLOEXEC, 0));
    }

    /** Sets O_NONBLOCK on the open file behind the descriptor, and so for all processes that share it. */
    public void makeNonBlocking() {
        int flags = fcntl(F_GETFL, 0);
        if ((flags & O_NONBLOCK) == 0) {
            fcntl(F_SETFL, flags | O_NONBLOCK);
        }
    }

    /** Has no program inherit the descriptor that this process starts. */
    public void closeOnExec() {
        fcntl(F_SETFD, FD_CLOEXEC);
    }

    private int fcntl(int command, int argument) {
        try {
            return NativeCalls.check("fcntl",
                    (int) FCNTL.invokeExact(NativeCalls.state(), number, command, argument));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Closes the descriptor. The result is ignored: the number is free in any case. */
    @Override
    public void close() {
        if (number == CLOSED) {
            return;
        }
        int closing = number;
        number = CLOSED;
        try {
            int ignored = (int) CLOSE.invokeExact(NativeCalls.state(), closing);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
