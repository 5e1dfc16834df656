package io.clocktower.linux;

import java.lang.foreign.MemorySegment;

/**
 * The processor's cycle counter: the time-stamp counter of x86-64, the virtual counter of aarch64. Java has no
 * instruction for it.
 */
public final class CycleCounter {

    /** {@code lfence; rdtsc; shl rdx, 32; or rax, rdx; ret}. */
    private static final String X86_64 = "0faee8" + "0f31" + "48c1e220" + "4809d0" + "c3";
    /** {@code isb; mrs x0, cntvct_el0; ret}. */
    private static final String AARCH64 = "df3f03d5" + "40e03bd5" + "c0035fd6";

    private static final MemorySegment READ = MachineCode.load(X86_64, AARCH64);

    private CycleCounter() {}

    /** The counter now. All instructions before it in the program are complete. */
    public static long read() {
        return HotCalls.call(READ);
    }

    /** Whether this is the counter of x86-64, not that of aarch64. */
    public static boolean isTsc() {
        return MachineCode.isX86();
    }
}
