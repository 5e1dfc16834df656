package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/**
 * The processor's cycle counter: the time-stamp counter of x86-64, the virtual counter of aarch64. Java has no
 * instruction for it, so a function of a few bytes is put into a page of its own and called.
 */
public final class CycleCounter {

    /** {@code lfence; rdtsc; shl rdx, 32; or rax, rdx; ret}. */
    private static final String X86_64 = "0faee8" + "0f31" + "48c1e220" + "4809d0" + "c3";
    /** {@code isb; mrs x0, cntvct_el0; ret}. */
    private static final String AARCH64 = "df3f03d5" + "40e03bd5" + "c0035fd6";

    private static final int PROT_READ_WRITE = 0x3;
    private static final int PROT_READ_EXEC = 0x5;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final long PAGE_BYTES = 65536;

    private static final MethodHandle MMAP = NativeCalls.capturing("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MPROTECT = NativeCalls.capturing("mprotect",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private static final MethodHandle READ = link();

    private CycleCounter() {}

    /** The counter now. No instruction before it in the program is still under way. */
    public static long read() {
        try {
            return (long) READ.invokeExact();
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Whether this is the x86-64's counter, rather than the aarch64's. */
    public static boolean isTsc() {
        return System.getProperty("os.arch").equals("amd64");
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link() {
        byte[] code = HexFormat.of().parseHex(isTsc() ? X86_64 : AARCH64);
        try {
            long address = (long) MMAP.invokeExact(NativeCalls.state(), 0L, PAGE_BYTES, PROT_READ_WRITE,
                    MAP_PRIVATE_ANONYMOUS, -1, 0L);
            if (address == -1) {
                throw new LinuxException("mmap", NativeCalls.errno());
            }
            MemorySegment page = MemorySegment.ofAddress(address).reinterpret(PAGE_BYTES);
            MemorySegment.copy(code, 0, page, ValueLayout.JAVA_BYTE, 0, code.length);
            NativeCalls.check("mprotect",
                    (int) MPROTECT.invokeExact(NativeCalls.state(), page, PAGE_BYTES, PROT_READ_EXEC));
            return Linker.nativeLinker().downcallHandle(page, FunctionDescriptor.of(JAVA_LONG),
                    Linker.Option.critical(false));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
