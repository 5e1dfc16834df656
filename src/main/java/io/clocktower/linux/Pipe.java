package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A pipe between two processes. Its ends are two open files: a process that has one end cannot change whether calls on the
 * other end wait. Both belong to the holder of this object, who may move them away. Not thread-safe.
 *
 * @param readEnd waits for bytes, until it is made non-blocking
 * @param writeEnd waits for room, until it is made non-blocking
 */
public record Pipe(Descriptor readEnd, Descriptor writeEnd) implements AutoCloseable {

    /** What a new pipe takes at once, without a wait: POSIX's PIPE_BUF on Linux. */
    public static final int ATOMIC_BYTES = 4096;
    /** {@link #read} answers this where there is nothing to read now. */
    public static final int NOTHING = -1;
    /** {@link #read} answers this where nothing more will come. */
    public static final int END = 0;

    private static final int O_CLOEXEC = 0x80000;

    private static final MethodHandle PIPE2 = NativeCalls.capturing("pipe2",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle READ = NativeCalls.capturing("read",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE = NativeCalls.capturing("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    /** An empty pipe. No program that this process starts inherits it. */
    public static Pipe create() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            NativeCalls.check("pipe2", (int) PIPE2.invokeExact(NativeCalls.state(), ends, O_CLOEXEC));
            return new Pipe(new Descriptor(ends.getAtIndex(JAVA_INT, 0)), new Descriptor(ends.getAtIndex(JAVA_INT, 1)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Writes bytes into a pipe that is empty and whose read end is open, which does not wait.
     *
     * @param bytes at most {@link #ATOMIC_BYTES}
     */
    public void fill(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocateFrom(JAVA_BYTE, bytes);
            long count = (long) WRITE.invokeExact(NativeCalls.state(), writeEnd.number(), content, content.byteSize());
            if (count != bytes.length) {
                throw new LinuxException("write", NativeCalls.errno());
            }
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Reads what has come over a read end that does not wait.
     *
     * @param into takes the bytes, from {@code from} on, where it has room
     * @return how many came, {@link #NOTHING} or {@link #END}
     */
    public static int read(Descriptor readEnd, byte[] into, int from) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(into.length - from);
            long count = (long) READ.invokeExact(NativeCalls.state(), readEnd.number(), buffer, buffer.byteSize());
            if (count == -1) {
                int errno = NativeCalls.errno();
                if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                    return NOTHING;
                }
                throw new LinuxException("read", errno);
            }
            MemorySegment.copy(buffer, JAVA_BYTE, 0, into, from, (int) count);
            return (int) count;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    @Override
    public void close() {
        readEnd.close();
        writeEnd.close();
    }
}
