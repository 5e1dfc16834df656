package io.clocktower.fuzz;

import java.util.Arrays;

/** Reads choices from the bytes that a fuzzer made: zeros when they have ended. */
public final class Choices {

    private final byte[] input;
    private int at;

    public Choices(byte[] input) {
        this.input = input;
    }

    public boolean isEmpty() {
        return at >= input.length;
    }

    /** The next byte, 0 to 255. */
    public int u8() {
        return isEmpty() ? 0 : input[at++] & 0xff;
    }

    public int u16() {
        return u8() | u8() << Byte.SIZE;
    }

    public int i32() {
        return u16() | u16() << Short.SIZE;
    }

    public long i64() {
        return i32() & 0xffff_ffffL | (long) i32() << Integer.SIZE;
    }

    /** 0 to {@code count} - 1, for a count of at most 65,536. */
    public int below(int count) {
        return (count > 0x100 ? u16() : u8()) % count;
    }

    /** The next bytes, fewer at the end. */
    public byte[] bytes(int count) {
        byte[] bytes = Arrays.copyOfRange(input, Math.min(at, input.length), Math.min(at + count, input.length));
        at += bytes.length;
        return bytes;
    }

    public byte[] rest() {
        return bytes(input.length - at);
    }
}
