package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/** Instructions for what Java cannot say, a few bytes each, in executable pages of their own. */
final class MachineCode {

    private static final int PROT_READ_WRITE = 0x3;
    private static final int PROT_READ_EXEC = 0x5;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final long PAGE_BYTES = 65536;
    private static final MethodHandle MMAP = NativeCalls.capturing("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MPROTECT = NativeCalls.capturing("mprotect",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private MachineCode() {}

    /** Whether this processor is an x86-64, not an aarch64. */
    static boolean isX86() {
        return System.getProperty("os.arch").equals("amd64");
    }

    /**
     * Loads the code of this processor, for as long as the process lives.
     *
     * @param x86 in hex
     * @param aarch64 in hex
     * @param constants 64-bit numbers that follow the code
     */
    static MemorySegment load(String x86, String aarch64, long... constants) {
        byte[] code = HexFormat.of().parseHex(isX86() ? x86 : aarch64);
        MemorySegment page = map(PAGE_BYTES);
        MemorySegment.copy(code, 0, page, ValueLayout.JAVA_BYTE, 0, code.length);
        for (int i = 0; i < constants.length; i++) {
            Fields.setI64(page, code.length + i * (long) Long.BYTES, constants[i]);
        }
        try {
            NativeCalls.check("mprotect",
                    (int) MPROTECT.invokeExact(NativeCalls.state(), page, PAGE_BYTES, PROT_READ_EXEC));
            return page;
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Zeroed pages of this process, for as long as it lives. A page takes memory only once it is written. */
    @SuppressWarnings("restricted")
    static MemorySegment map(long bytes) {
        try {
            long address = (long) MMAP.invokeExact(NativeCalls.state(), 0L, bytes, PROT_READ_WRITE,
                    MAP_PRIVATE_ANONYMOUS, -1, 0L);
            if (address == -1) {
                throw new LinuxException("mmap", NativeCalls.errno());
            }
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
