package io.clocktower.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The error numbers that Clocktower tells apart. */
public final class Errno {

    public static final int EINTR = 4;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EPIPE = 32;
    public static final int ENAMETOOLONG = 36;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ECONNREFUSED = 111;
    public static final int ECANCELED = 125;

    private static final long LONGEST_TEXT_BYTES = 256;
    private static final MethodHandle STRERROR = NativeCalls.critical("strerror",
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private Errno() {}

    /** The kernel's number and the C library's words for it. */
    @SuppressWarnings("restricted")
    static String describe(int errno) {
        try {
            var text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(LONGEST_TEXT_BYTES).getString(0) + " (errno " + errno + ")";
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
