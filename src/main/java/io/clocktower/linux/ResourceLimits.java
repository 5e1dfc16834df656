package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The resource limits of this process. Thread-safe.
 *
 * <p>
 * {@code struct rlimit} is two unsigned 64-bit numbers: the soft limit, which counts, and the hard limit, to which a process
 * may raise it.
 */
public final class ResourceLimits {

    private static final int RLIMIT_NOFILE = 7;
    private static final long RLIMIT_BYTES = 2 * JAVA_LONG.byteSize();
    private static final long HARD_OFFSET = JAVA_LONG.byteSize();

    private static final MethodHandle GETRLIMIT = NativeCalls.capturing("getrlimit",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle SETRLIMIT = NativeCalls.capturing("setrlimit",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    private ResourceLimits() {}

    /** How many descriptors this process may have open (RLIMIT_NOFILE); {@link Integer#MAX_VALUE} stands for more. */
    public static int openFiles() {
        try (Arena arena = Arena.ofConfined()) {
            return toInt(Fields.i64(get(RLIMIT_NOFILE, arena), 0));
        }
    }

    /**
     * Raises the number of descriptors that this process may have open to the most that it may ask for. Where the kernel
     * refuses that, the limit stays as it is.
     *
     * @return the limit now
     */
    public static int raiseOpenFiles() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = get(RLIMIT_NOFILE, arena);
            long hard = Fields.i64(limit, HARD_OFFSET);
            if (Fields.i64(limit, 0) != hard) {
                Fields.setI64(limit, 0, hard);
                int ignored = (int) SETRLIMIT.invokeExact(NativeCalls.state(), RLIMIT_NOFILE, limit);
            }
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
        return openFiles();
    }

    private static MemorySegment get(int resource, Arena arena) {
        MemorySegment limit = arena.allocate(RLIMIT_BYTES, JAVA_LONG.byteAlignment());
        try {
            NativeCalls.check("getrlimit", (int) GETRLIMIT.invokeExact(NativeCalls.state(), resource, limit));
            return limit;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    private static int toInt(long unsigned) {
        return unsigned < 0 || unsigned > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) unsigned;
    }
}
