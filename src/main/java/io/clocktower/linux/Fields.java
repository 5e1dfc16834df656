package io.clocktower.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The fields of the structures that this process shares with the kernel and with front-ends, in the host's byte order and at
 * any alignment, through constants that every compiler can fold, a native image's too.
 */
public final class Fields {

    private static final VarHandle I8 = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle I16 = ValueLayout.JAVA_SHORT_UNALIGNED.varHandle();
    private static final VarHandle I32 = ValueLayout.JAVA_INT_UNALIGNED.varHandle();
    private static final VarHandle ALIGNED_I32 = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle I64 = ValueLayout.JAVA_LONG_UNALIGNED.varHandle();

    private Fields() {}

    public static byte i8(MemorySegment struct, long offset) {
        return (byte) I8.get(struct, offset);
    }

    public static short i16(MemorySegment struct, long offset) {
        return (short) I16.get(struct, offset);
    }

    public static int i32(MemorySegment struct, long offset) {
        return (int) I32.get(struct, offset);
    }

    public static long i64(MemorySegment struct, long offset) {
        return (long) I64.get(struct, offset);
    }

    public static void setI8(MemorySegment struct, long offset, int value) {
        I8.set(struct, offset, (byte) value);
    }

    /** An aligned field; what another processor wrote before it is seen after this. */
    static int i32Acquire(MemorySegment struct, long offset) {
        return (int) ALIGNED_I32.getAcquire(struct, offset);
    }

    /** Writes an aligned field after all that was written before. */
    static void setI32Release(MemorySegment struct, long offset, int value) {
        ALIGNED_I32.setRelease(struct, offset, value);
    }

    public static void setI16(MemorySegment struct, long offset, int value) {
        I16.set(struct, offset, (short) value);
    }

    public static void setI32(MemorySegment struct, long offset, int value) {
        I32.set(struct, offset, value);
    }

    public static void setI64(MemorySegment struct, long offset, long value) {
        I64.set(struct, offset, value);
    }
}
