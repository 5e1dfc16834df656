package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Shared mappings of files. */
public final class Mmap {

    private static final int PROT_READ_WRITE = 0x3;
    private static final int MAP_SHARED = 0x1;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int SC_PAGESIZE = 30;

    private static final MethodHandle MMAP = NativeCalls.capturing("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = NativeCalls.capturing("munmap",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    /** Any function that does nothing will do, so long as the call leaves the Java state and comes back to it. */
    private static final MethodHandle ABS = NativeCalls.plain("abs", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SYSCONF = NativeCalls.critical("sysconf",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT));

    private static final long PAGE_BYTES = pageBytes();

    private Mmap() {}

    /**
     * Maps a part of a file, readable, writable and shared, until the arena closes.
     *
     * <p>
     * The kernel maps whole pages, huge ones on hugetlbfs: what lies before {@code offset} in its page and behind the
     * end in the last one is mapped too and is not part of the answer. An access beyond the file's end, as after
     * somebody truncated it, is a SIGBUS, which the JVM turns into an {@link InternalError} at that access or some time
     * after it: see {@link #settle}.
     *
     * @param descriptor the file, which may be closed afterwards
     * @param offset of the part in the file, in bytes; any alignment
     * @param bytes the part's length, more than 0
     */
    @SuppressWarnings("restricted")
    public static MemorySegment map(Descriptor descriptor, long offset, long bytes, Arena arena) {
        long page = Math.max(PAGE_BYTES, Long.highestOneBit(FileStatus.of(descriptor).blockSizeBytes()));
        long before = offset & (page - 1);
        long length = Math.addExact(before, bytes) + page - 1 & -page;
        try {
            long address = (long) MMAP.invokeExact(NativeCalls.state(), 0L, length, PROT_READ_WRITE,
                    MAP_SHARED | MAP_NORESERVE, descriptor.number(), offset - before);
            if (address == -1) {
                throw new LinuxException("mmap", NativeCalls.errno());
            }
            return MemorySegment.ofAddress(address).reinterpret(length, arena, Mmap::unmap).asSlice(before, bytes);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Waits for nothing, but lets the {@link InternalError} of an access that the calling thread made before come now
     * and not later, where somebody else's work would be blamed for it. Compiled code goes on after such an access until
     * the thread next enters the JVM.
     */
    public static void settle() {
        try {
            int ignored = (int) ABS.invokeExact(0);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static void unmap(MemorySegment mapping) {
        try {
            NativeCalls.check("munmap",
                    (int) MUNMAP.invokeExact(NativeCalls.state(), mapping, mapping.byteSize()));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static long pageBytes() {
        try {
            return (long) SYSCONF.invokeExact(SC_PAGESIZE);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
