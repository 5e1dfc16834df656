package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What the kernel knows of an open file. It asks {@code statx}, whose layout is the same on every architecture, for
 * what {@code fstat} answers.
 *
 * @param isRegular whether it is a regular file: memfd, tmpfs and hugetlbfs files are
 * @param sizeBytes its length
 * @param blockSizeBytes the unit of its pages: on hugetlbfs the huge page's size
 * @param inode its number in its file system
 * @param device names the file system
 */
public record FileStatus(boolean isRegular, long sizeBytes, int blockSizeBytes, long inode, long device) {

    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int S_IFMT = 0xf000;
    private static final int S_IFREG = 0x8000;

    private static final long STATX_BYTES = 256;
    private static final long BLKSIZE_OFFSET = 4;
    private static final long MODE_OFFSET = 28;
    private static final long INODE_OFFSET = 32;
    private static final long SIZE_OFFSET = 40;
    private static final long DEVICE_OFFSET = 136;

    private static final MethodHandle STATX = NativeCalls.capturing("statx",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

    /** The status of the file behind a descriptor. */
    public static FileStatus of(Descriptor descriptor) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATX_BYTES, JAVA_LONG.byteAlignment());
            NativeCalls.check("statx", (int) STATX.invokeExact(NativeCalls.state(), descriptor.number(),
                    arena.allocateFrom(""), AT_EMPTY_PATH, STATX_BASIC_STATS, status));
            return new FileStatus((Fields.i16(status, MODE_OFFSET) & S_IFMT) == S_IFREG,
                    Fields.i64(status, SIZE_OFFSET), Fields.i32(status, BLKSIZE_OFFSET),
                    Fields.i64(status, INODE_OFFSET), Fields.i64(status, DEVICE_OFFSET));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Whether both are of one file, whatever its size is now. */
    public boolean isSameFile(FileStatus other) {
        return inode == other.inode && device == other.device;
    }
}
