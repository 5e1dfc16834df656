package io.clocktower.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The specification's fields in guest memory, at any alignment. VIRTIO 1.4, "Structure Specifications". All that reads or
 * writes guest memory does so here, through constants that every compiler can fold, a native image's too.
 *
 * <p>
 * The accesses are plain and of the field's own size: the JVM survives one to memory that is gone (SIGBUS), with an
 * {@link InternalError}. It does not survive every access of a stronger mode, so fences order them.
 *
 * <p>
 * <em>Words</em> are bytes of guest memory in an array of longs, eight in each, the first in the lowest bits.
 */
public final class LittleEndian {

    private static final VarHandle LE16 = handle(ValueLayout.JAVA_SHORT_UNALIGNED);
    private static final VarHandle LE64 = handle(ValueLayout.JAVA_LONG_UNALIGNED);
    /** For atomic accesses, which must be aligned. */
    private static final VarHandle ALIGNED_LE64 = handle(ValueLayout.JAVA_LONG);
    private static final VarHandle U8 = ValueLayout.JAVA_BYTE.varHandle();

    private static final int BYTE_MASK = 0xff;
    private static final int WORD_SHIFT = 3;
    private static final int WORD_MASK = Long.BYTES - 1;

    private LittleEndian() {}

    private static VarHandle handle(ValueLayout layout) {
        return layout.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    }

    /** The 16-bit field at {@code offset}, unsigned. */
    public static int le16(MemorySegment memory, long offset) {
        return Short.toUnsignedInt((short) LE16.get(memory, offset));
    }

    public static long le64(MemorySegment memory, long offset) {
        return (long) LE64.get(memory, offset);
    }

    /** Writes the lower 16 bits of {@code value}. */
    public static void setLe16(MemorySegment memory, long offset, int value) {
        LE16.set(memory, offset, (short) value);
    }

    public static void setLe64(MemorySegment memory, long offset, long value) {
        LE64.set(memory, offset, value);
    }

    /** Sets bits of the word at {@code offset} at once, for memory that is never gone: see the class. */
    static void setBits(MemorySegment memory, long offset, long bits) {
        long ignored = (long) ALIGNED_LE64.getAndBitwiseOr(memory, offset, bits);
    }

    /**
     * Copies guest memory into words.
     *
     * @param first the byte of the words that the copy begins at; a word whose first byte is copied is set whole
     */
    public static void read(MemorySegment memory, long offset, long[] words, int first, int bytes) {
        if (((first | bytes) & WORD_MASK) == 0) {
            int word = first >>> WORD_SHIFT;
            for (int done = 0; done < bytes; done += Long.BYTES) {
                words[word++] = le64(memory, offset + done);
            }
        } else {
            readBytes(memory, offset, words, first, bytes);
        }
    }

    private static void readBytes(MemorySegment memory, long offset, long[] words, int first, int bytes) {
        for (int i = 0; i < bytes; i++) {
            int at = first + i;
            long before = at % Long.BYTES == 0 ? 0 : words[at / Long.BYTES];
            long value = (byte) U8.get(memory, offset + i) & BYTE_MASK;
            words[at / Long.BYTES] = before | value << Byte.SIZE * (at % Long.BYTES);
        }
    }

    /**
     * Copies words into guest memory.
     *
     * @param first the byte of the words that the copy begins at
     */
    public static void write(long[] words, int first, MemorySegment memory, long offset, int bytes) {
        if (((first | bytes) & WORD_MASK) == 0) {
            int word = first >>> WORD_SHIFT;
            for (int done = 0; done < bytes; done += Long.BYTES) {
                setLe64(memory, offset + done, words[word++]);
            }
        } else {
            writeBytes(words, first, memory, offset, bytes);
        }
    }

    private static void writeBytes(long[] words, int first, MemorySegment memory, long offset, int bytes) {
        for (int i = 0; i < bytes; i++) {
            int at = first + i;
            U8.set(memory, offset + i, (byte) (words[at / Long.BYTES] >>> Byte.SIZE * (at % Long.BYTES)));
        }
    }
}
