package io.clocktower.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** How the classes of this package link to the C library, and the errno of the calling thread's last call. */
@SuppressWarnings("restricted")
final class NativeCalls {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    private NativeCalls() {}

    /** A call that sets errno: its handle takes {@link #state()} as the first argument. */
    static MethodHandle capturing(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, Linker.Option.captureCallState("errno"));
    }

    /**
     * A call whose errno nobody asks for. Where the compiler does not inline it, this allocates nothing, and
     * {@link #capturing} does.
     */
    static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor);
    }

    /** As {@link #capturing}, for a variadic C function whose first {@code fixed} arguments are named. */
    static MethodHandle capturingVariadic(String name, int fixed, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    /** A call that returns at once and whose errno nobody asks for, made without leaving the Java state. */
    static MethodHandle critical(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, Linker.Option.critical(false));
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    /** Where the calling thread's calls leave their errno. */
    static MemorySegment state() {
        return STATE.get();
    }

    /** The errno of the calling thread's last capturing call. */
    static int errno() {
        return (int) ERRNO.get(STATE.get(), 0L);
    }

    /** The result of a call that returns -1 on failure, or the failure. */
    static int check(String call, int result) {
        if (result == -1) {
            throw new LinuxException(call, errno());
        }
        return result;
    }

    /** What came out of a downcall handle, which declares to throw anything: what is unchecked goes on as it is. */
    static AssertionError unexpected(Throwable thrown) {
        switch (thrown) {
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            default -> throw new AssertionError(thrown);
        }
    }

    /** Memory of the calling thread's own to pass to a call, {@code bytes} long and zeroed at first. */
    static ThreadLocal<MemorySegment> scratch(long bytes) {
        return ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(bytes, ValueLayout.JAVA_LONG.byteAlignment()));
    }
}
