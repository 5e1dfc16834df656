package io.clocktower.frontend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes as the device has them in its words: eight in each, the first in the lowest bits. */
public final class Words {

    private Words() {}

    /** Room for so many bytes. */
    public static long[] room(int bytes) {
        return new long[(bytes + Long.BYTES - 1) / Long.BYTES];
    }

    public static long[] of(byte... bytes) {
        long[] words = room(bytes.length);
        ByteBuffer whole = ByteBuffer.wrap(Arrays.copyOf(bytes, words.length * Long.BYTES));
        whole.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
        return words;
    }

    public static byte[] bytes(long[] words, int count) {
        ByteBuffer whole = ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        whole.asLongBuffer().put(words);
        return Arrays.copyOf(whole.array(), count);
    }
}
