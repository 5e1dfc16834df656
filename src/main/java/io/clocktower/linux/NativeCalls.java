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
import java.util.function.BiConsumer;

/** Links the classes of this package to the C library, and holds the errno of the calling thread's last call. */
@SuppressWarnings("restricted")
final class NativeCalls {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    /** What takes each function's type and the options of its calls; null but while a native image is built. */
    private static BiConsumer<FunctionDescriptor, Linker.Option[]> watcher;

    private NativeCalls() {}

    /** Has all that is linked from now on be told to {@code watcher}: a native image holds only calls that it was told of. */
    static void watch(BiConsumer<FunctionDescriptor, Linker.Option[]> watcher) {
        NativeCalls.watcher = watcher;
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        tell(descriptor, options);
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
    }

    private static void tell(FunctionDescriptor descriptor, Linker.Option... options) {
        if (watcher != null) {
            watcher.accept(descriptor, options);
        }
    }

    /** A call that sets errno: its handle takes {@link #state()} as the first argument. */
    static MethodHandle capturing(String name, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.captureCallState("errno"));
    }

    /**
     * A call whose errno is not read. Where the compiler does not inline it, this allocates nothing, and
     * {@link #capturing} does.
     */
    static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return link(name, descriptor);
    }

    /** As {@link #capturing}, for a variadic C function whose first {@code fixed} arguments are named. */
    static MethodHandle capturingVariadic(String name, int fixed, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(fixed));
    }

    /** As {@link #plain}, for a variadic C function whose first {@code fixed} arguments are named. */
    static MethodHandle plainVariadic(String name, int fixed, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.firstVariadicArg(fixed));
    }

    /** As {@link #critical}, for a variadic C function whose first {@code fixed} arguments are named. */
    static MethodHandle criticalVariadic(String name, int fixed, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.critical(false), Linker.Option.firstVariadicArg(fixed));
    }

    /** A system call's number, for {@code syscall}: where the C library has no function, or one that does nothing. */
    static long number(long onX86, long onAarch64) {
        return System.getProperty("os.arch").equals("amd64") ? onX86 : onAarch64;
    }

    /** A call that returns at once and whose errno is not read, made without leaving the Java state. */
    static MethodHandle critical(String name, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.critical(false));
    }

    /** Machine code whose address is the handle's first argument; it returns at once. */
    static MethodHandle criticalFunction(FunctionDescriptor descriptor) {
        tell(descriptor, Linker.Option.critical(false));
        return LINKER.downcallHandle(descriptor, Linker.Option.critical(false));
    }

    /** The memory in which the calling thread's calls leave their errno. */
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

    /** Rethrows what a downcall handle threw, which declares Throwable: unchecked exceptions as they are. */
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
