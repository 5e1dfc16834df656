package io.clocktower.frontend;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.clocktower.linux.Descriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

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
    private static final MethodHandle WRITE = link("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle OPEN = link("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle MKFIFO = link("mkfifo", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle FCNTL = link("fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FALLOCATE = link("fallocate",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MOUNT = link("mount",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
    private static final MethodHandle UMOUNT2 = link("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle DUP2 = link("dup2", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle EXECV = link("execv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle POLL = link("poll",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private static final MethodHandle RECV = link("recv",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    /** {@code memfd_create}'s flag for huge pages. */
    public static final int MFD_HUGETLB = 4;
    private static final int MFD_ALLOW_SEALING = 2;
    public static final int EFD_SEMAPHORE = 1;
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = 0x800;

    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int MSG_PEEK = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MNT_FORCE = 1;
    private static final int MNT_DETACH = 2;

    private static final ThreadLocal<MemorySegment> BUFFER = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(8, 8));

    private Libc() {}

    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name),
                descriptor, options);
    }

    /** Has another number name the same open file; programs that are executed inherit it. */
    public static void dup2(int from, int to) {
        try {
            check((int) DUP2.invokeExact(from, to));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Executes a program in place of this one. */
    public static void execute(List<String> command) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(ADDRESS, command.size() + 1L);
            for (int i = 0; i < command.size(); i++) {
                arguments.setAtIndex(ADDRESS, i, arena.allocateFrom(command.get(i)));
            }
            check((int) EXECV.invokeExact(arguments.getAtIndex(ADDRESS, 0), arguments));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** A file in memory, {@code bytes} long. */
    public static Descriptor memfd(long bytes) {
        return memfd(bytes, 0);
    }

    public static Descriptor memfd(long bytes, int flags) {
        try (var arena = Arena.ofConfined()) {
            var file = new Descriptor(check((int) MEMFD_CREATE.invokeExact(arena.allocateFrom("guest"), flags)));
            truncate(file, bytes);
            return file;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** A file in memory that cannot be made shorter. */
    public static Descriptor sealedMemfd(long bytes) {
        return sealed(memfd(bytes, MFD_ALLOW_SEALING));
    }

    /** The same of huge pages; null where the host has none. */
    public static Descriptor sealedHugeMemfd(long bytes) {
        try {
            return sealed(memfd(bytes, MFD_ALLOW_SEALING | MFD_HUGETLB));
        } catch (AssertionError e) {
            return null;
        }
    }

    private static Descriptor sealed(Descriptor file) {
        try {
            check((int) FCNTL.invokeExact(file.number(), F_ADD_SEALS, F_SEAL_SHRINK));
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
        return eventFd(0);
    }

    public static Descriptor eventFd(int flags) {
        try {
            return new Descriptor(check((int) EVENTFD.invokeExact(0, flags)));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Opens a file that there is. */
    public static Descriptor open(String path, int flags) {
        try (var arena = Arena.ofConfined()) {
            return new Descriptor(check((int) OPEN.invokeExact(arena.allocateFrom(path), flags, 0)));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    public static void makeFifo(String path) {
        try (var arena = Arena.ofConfined()) {
            check((int) MKFIFO.invokeExact(arena.allocateFrom(path), 0600));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Makes the open file behind a descriptor blocking, whatever somebody else made it. */
    public static void makeBlocking(Descriptor descriptor) {
        try {
            int flags = check((int) FCNTL.invokeExact(descriptor.number(), F_GETFL, 0));
            check((int) FCNTL.invokeExact(descriptor.number(), F_SETFL, flags & ~O_NONBLOCK));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Makes the open file behind a descriptor non-blocking. */
    public static void makeNonBlocking(Descriptor descriptor) {
        try {
            int flags = check((int) FCNTL.invokeExact(descriptor.number(), F_GETFL, 0));
            check((int) FCNTL.invokeExact(descriptor.number(), F_SETFL, flags | O_NONBLOCK));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Gives a part of a memory file back to the host. */
    public static void punchHole(Descriptor file, long offset, long bytes) {
        try {
            check((int) FALLOCATE.invokeExact(file.number(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                    bytes));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Adds to an eventfd's count. */
    public static void addCount(Descriptor eventFd, long count) {
        if (!tryAddCount(eventFd, count)) {
            throw new AssertionError("the count is full");
        }
    }

    /** Adds to an eventfd's count, if that has room. */
    public static boolean tryAddCount(Descriptor eventFd, long count) {
        MemorySegment buffer = BUFFER.get();
        buffer.set(JAVA_LONG, 0, count);
        try {
            return (long) WRITE.invokeExact(eventFd.number(), buffer, 8L) == 8;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Mounts a file system, and answers whether that is possible here. */
    public static boolean mount(String type, String target, String options) {
        try (var arena = Arena.ofConfined()) {
            return (int) MOUNT.invokeExact(arena.allocateFrom(type), arena.allocateFrom(target),
                    arena.allocateFrom(type), 0L, arena.allocateFrom(options)) == 0;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Ends a mount, and whatever waits for its file system. */
    public static void unmount(String target) {
        try (var arena = Arena.ofConfined()) {
            check((int) UMOUNT2.invokeExact(arena.allocateFrom(target), MNT_FORCE | MNT_DETACH));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Reads what there is into a buffer, and answers how much; -1 for an error. */
    static long read(Descriptor file, MemorySegment buffer) {
        try {
            return (long) READ.invokeExact(file.number(), buffer, buffer.byteSize());
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    static void write(Descriptor file, MemorySegment bytes) {
        try {
            check((int) (long) WRITE.invokeExact(file.number(), bytes, bytes.byteSize()));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** What waits in a socket, which stays there: at most so many bytes, and none if nothing waits. */
    public static byte[] peek(Descriptor socket, int bytes) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(bytes);
            long count = (long) RECV.invokeExact(socket.number(), buffer, buffer.byteSize(), MSG_PEEK | MSG_DONTWAIT);
            return buffer.asSlice(0, Math.max(count, 0)).toArray(JAVA_BYTE);
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
