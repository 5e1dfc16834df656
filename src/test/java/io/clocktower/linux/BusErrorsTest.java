package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On the JVM, which handles what this does not know of: so both can be seen. */
class BusErrorsTest {

    private static final long PAGE = Mmap.PAGE_BYTES;
    private static final long PAGES = 8;

    private final Descriptor file = AnonymousFile.create("bus-errors");
    private Mmap.Mapping mapping;
    private MemorySegment memory;
    private int slot;

    @BeforeEach
    void map() {
        Libc.truncate(file, PAGES * PAGE);
        mapping = Mmap.map(file, FileStatus.of(file), 0, PAGES * PAGE);
        memory = mapping.bytes(PAGES * PAGE, Arena.global());
        slot = BusErrors.add(mapping.address(), mapping.length(), PAGE);
        for (int i = 0; i < PAGES; i++) {
            memory.set(JAVA_BYTE, i * PAGE, (byte) 1);
        }
    }

    @AfterEach
    void unmap() {
        mapping.unmap();
        file.close();
    }

    @Test
    void anAccessToMemoryThatIsGoneGoesOnAndIsToldOnce() {
        Libc.truncate(file, 2 * PAGE);
        assertFalse(BusErrors.take());

        assertEquals(0, memory.get(JAVA_BYTE, 5 * PAGE + 3));

        assertTrue(BusErrors.take());
        assertFalse(BusErrors.take());
        BusErrors.remove(slot);
    }

    @Test
    void whatIsLeftStaysShared() {
        Libc.truncate(file, 2 * PAGE);
        memory.set(JAVA_BYTE, 7 * PAGE, (byte) 5);
        assertEquals(5, memory.get(JAVA_BYTE, 7 * PAGE));
        assertEquals(0, memory.get(JAVA_BYTE, 2 * PAGE));
        BusErrors.remove(slot);

        assertEquals(1, memory.get(JAVA_BYTE, PAGE));
        memory.set(JAVA_BYTE, PAGE, (byte) 3);
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(3, Mmap.map(file, 0, 2 * PAGE, arena).get(JAVA_BYTE, PAGE));
        }
    }

    @Test
    void otherThreadsAreNotTold() throws Exception {
        Libc.truncate(file, 0);
        Thread other = Thread.ofPlatform().start(() -> memory.get(JAVA_BYTE, 0));
        other.join();

        assertTrue(BusErrors.take());
        BusErrors.remove(slot);
    }

    @Test
    void whatItDoesNotKnowGoesToTheHandlerBefore() {
        BusErrors.remove(slot);
        Libc.truncate(file, PAGE);

        assertThrows(InternalError.class, () -> {
            byte gone = memory.get(JAVA_BYTE, PAGE);
            Mmap.settle();
            memory.set(JAVA_BYTE, 0, gone);
        });
        assertFalse(BusErrors.take());
    }

    @Test
    void aSlotIsUsedAgain() {
        BusErrors.remove(slot);
        int first = BusErrors.add(mapping.address(), mapping.length(), PAGE);
        BusErrors.remove(first);
        int last = first;
        for (int i = 0; i < 1_000; i++) {
            last = BusErrors.add(mapping.address(), mapping.length(), PAGE);
            BusErrors.remove(last);
        }
        assertTrue(last <= first + 1, first + " " + last);
    }
}
