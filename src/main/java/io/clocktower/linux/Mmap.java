package io.clocktower.linux;

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
    private static final int MADV_NOHUGEPAGE = 15;
    private static final int SC_PAGESIZE = 30;

    private static final MethodHandle MMAP = NativeCalls.capturing("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = NativeCalls.capturing("munmap",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE = NativeCalls.capturing("madvise",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SYSCONF = NativeCalls.critical("sysconf",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT));

    static final long PAGE_BYTES = pageBytes();

    private Mmap() {}

    /**
     * A mapping, which {@link #unmap} ends.
     *
     * @param address where it begins, with what lies before the part in its page
     * @param length of the mapping, in whole pages
     * @param before how far behind the address the part begins
     * @param slot what the runtime knows it by
     */
    public record Mapping(long address, long length, long before, int slot) {

        /**
         * The part's memory, for as long as the arena is open. An access after {@link #unmap} is the caller's mistake: the
         * arena must be closed before.
         */
        @SuppressWarnings("restricted")
        public MemorySegment bytes(long bytes, Arena arena) {
            return MemorySegment.ofAddress(address + before).reinterpret(bytes, arena, null);
        }

        /** Ends the mapping. If it is the last reference to the file, the kernel frees the file's memory in this call. */
        public void unmap() {
            HotCalls.onUnmap(slot);
            Mmap.unmap(address, length);
        }
    }

    /**
     * How many bytes of address space {@link #map} takes for a part of a file: whole pages. {@link Long#MAX_VALUE}, more than
     * there is, if a long cannot hold it.
     */
    public static long mappedBytes(FileStatus file, long offset, long bytes) {
        long page = pageBytesOf(file);
        long inPage = offset & page - 1;
        return bytes > Long.MAX_VALUE - inPage - page ? Long.MAX_VALUE : inPage + bytes + page - 1 & -page;
    }

    private static long pageBytesOf(FileStatus file) {
        return Math.max(PAGE_BYTES, Long.highestOneBit(file.blockSizeBytes()));
    }

    /**
     * Maps a part of a file, readable, writable and shared.
     *
     * <p>
     * The kernel maps whole pages, huge ones on hugetlbfs. An access beyond the file's end, for example after it was truncated, is
     * a SIGBUS, which becomes an {@link InternalError} at that access or some time after it: see {@link #settle}.
     * A page that is allocated at an access through the mapping is a small one: transparent huge pages are off for it.
     *
     * @param descriptor the file, which may be closed afterwards
     * @param file its status
     * @param offset of the part in the file, in bytes; any alignment
     * @param bytes the part's length, more than 0
     */
    public static Mapping map(Descriptor descriptor, FileStatus file, long offset, long bytes) {
        long block = pageBytesOf(file);
        long before = offset & (block - 1);
        long length = mappedBytes(file, offset, bytes);
        try {
            long address = (long) MMAP.invokeExact(NativeCalls.state(), 0L, length, PROT_READ_WRITE,
                    MAP_SHARED | MAP_NORESERVE, descriptor.number(), offset - before);
            if (address == -1) {
                throw new LinuxException("mmap", NativeCalls.errno());
            }
            // hugetlbfs refuses it, and has no other pages anyway.
            int ignored = (int) MADVISE.invokeExact(NativeCalls.state(), address, length, MADV_NOHUGEPAGE);
            return new Mapping(address, length, before, known(address, length, block));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static int known(long address, long length, long block) {
        try {
            return HotCalls.onMap(address, length, block);
        } catch (LinuxException e) {
            unmap(address, length);
            throw e;
        }
    }

    /** The same for all of a part, until the arena closes. */
    @SuppressWarnings("restricted")
    public static MemorySegment map(Descriptor descriptor, long offset, long bytes, Arena arena) {
        Mapping mapping = map(descriptor, FileStatus.of(descriptor), offset, bytes);
        return MemorySegment.ofAddress(mapping.address()).reinterpret(mapping.length(), arena, _ -> mapping.unmap())
                .asSlice(mapping.before(), bytes);
    }

    /**
     * Throws now the {@link InternalError} that an earlier access by the calling thread caused, if there is one. Compiled code
     * continues after such an access until the thread next enters the JVM, and by then the thread may work for another device.
     */
    public static void settle() {
        HotCalls.settle();
    }

    private static void unmap(long address, long length) {
        try {
            NativeCalls.check("munmap", (int) MUNMAP.invokeExact(NativeCalls.state(), address, length));
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
