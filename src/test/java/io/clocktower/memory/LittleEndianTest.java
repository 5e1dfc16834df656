package io.clocktower.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.frontend.Words;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LittleEndianTest {

    private static final int BYTES = 24;

    private final MemorySegment memory = Arena.ofAuto().allocate(64);
    private final Random random = new Random(5);

    private byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        return content;
    }

    @Test
    void fieldsHaveTheirLowestByteFirst() {
        LittleEndian.setLe64(memory, 1, 0x0102_0304_0506_0708L);
        assertEquals(8, memory.get(ValueLayout.JAVA_BYTE, 1));
        assertEquals(0x0708, LittleEndian.le16(memory, 1));
        assertEquals(0x0102_0304_0506_0708L, LittleEndian.le64(memory, 1));
        LittleEndian.setLe16(memory, 1, 0x1_fffe);
        assertEquals(0xfffe, LittleEndian.le16(memory, 1), "unsigned");
        assertEquals(0x0102_0304_0506_fffeL, LittleEndian.le64(memory, 1), "no more than its bytes");
    }

    /** Of every length, from every byte of the words on, in any two parts. */
    @Test
    void wordsAreReadInAnyParts() {
        for (int bytes = 0; bytes <= BYTES; bytes++) {
            for (int cut = 0; cut <= bytes; cut++) {
                byte[] content = content(bytes);
                MemorySegment.copy(content, 0, memory, ValueLayout.JAVA_BYTE, 3, bytes);
                long[] words = {-1, -1, -1};
                LittleEndian.read(memory, 3, words, 0, cut);
                LittleEndian.read(memory, 3 + cut, words, cut, bytes - cut);
                assertArrayEquals(content, Words.bytes(words, bytes), bytes + " bytes cut at " + cut);
                byte[] rest = Arrays.copyOfRange(Words.bytes(words, BYTES), bytes, bytes + 7 & -8);
                assertArrayEquals(new byte[rest.length], rest, "the rest of the last word");
            }
        }
    }

    @Test
    void wordsAreWrittenInAnyPartsAndNothingBesides() {
        for (int bytes = 0; bytes <= BYTES; bytes++) {
            for (int cut = 0; cut <= bytes; cut++) {
                byte[] content = content(BYTES);
                long[] words = Words.of(content);
                memory.fill((byte) 0x5a);
                LittleEndian.write(words, 0, memory, 5, cut);
                LittleEndian.write(words, cut, memory, 5 + cut, bytes - cut);
                byte[] expected = new byte[64];
                Arrays.fill(expected, (byte) 0x5a);
                System.arraycopy(content, 0, expected, 5, bytes);
                assertArrayEquals(expected, memory.toArray(ValueLayout.JAVA_BYTE), bytes + " bytes cut at " + cut);
            }
        }
    }
}
