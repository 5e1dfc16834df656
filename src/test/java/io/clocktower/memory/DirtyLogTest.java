package io.clocktower.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.Mmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirtyLogTest {

    private static final long FILE_BYTES = 8192;
    private static final long PAGE = 4096;

    private final List<Long> outside = new ArrayList<>();
    private int marks;
    private final RegionFiles files = new RegionFiles() {

        @Override
        public boolean take(int kept) {
            return kept < 4;
        }

        @Override
        public void giveBack() {
            // There are enough.
        }

        @Override
        public void close(Descriptor foreign, Runnable onClosed) {
            throw new AssertionError("it is memory");
        }
    };
    private final DirtyLog log = new MemoryLimits(65_530, 1L << 47, false).share(System::nanoTime, files).log();
    private final Descriptor file = Libc.sealedMemfd(FILE_BYTES);
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = Mmap.map(file, 0, FILE_BYTES, arena);

    @BeforeEach
    void begin() {
        log.begin(new DirtyLog.Listener() {

            @Override
            public void onMarked() {
                marks++;
            }

            @Override
            public void onOutside(long guestAddress) {
                outside.add(guestAddress);
            }
        });
        log.setEnabled(true);
    }

    @AfterEach
    void end() {
        log.end();
        arena.close();
        file.close();
    }

    private void set(long offset, long sizeBytes) throws InvalidMemoryException {
        try (Descriptor sent = file.duplicate()) {
            log.set(sent, new DirtyLog.Place(offset, sizeBytes));
        }
    }

    private BitSet marked() {
        return BitSet.valueOf(bytes.toArray(JAVA_BYTE));
    }

    private static BitSet bits(int... bits) {
        var set = new BitSet();
        for (int bit : bits) {
            set.set(bit);
        }
        return set;
    }

    /** "page = addr / VHOST_LOG_PAGE; log[page / 8] |= 1 << page % 8". */
    @Test
    @Proves("migration-log-03")
    void exactlyThePagesThatWereWrittenAreMarked() throws Exception {
        set(0, FILE_BYTES);
        log.mark(0, 1);
        log.mark(2 * PAGE - 1, 1);
        log.mark(5 * PAGE - 1, 2);
        log.mark(70 * PAGE, 3 * PAGE);
        log.mark((FILE_BYTES * 8 - 1) * PAGE, PAGE);
        assertEquals(bits(0, 1, 4, 5, 70, 71, 72, (int) FILE_BYTES * 8 - 1), marked());
        assertEquals(List.of(), outside);
    }

    /** The log may begin at any byte and have any length. */
    @ParameterizedTest
    @CsvSource({"1, 1", "3, 5", "7, 2", "4095, 4097", "8191, 1", "8, 16"})
    void aLogBeginsAndEndsWhereTheFrontEndSays(int offset, int sizeBytes) throws Exception {
        set(offset, sizeBytes);
        log.mark(0, 1);
        log.mark((sizeBytes * 8L - 1) * PAGE, PAGE);
        log.mark(sizeBytes * 8L * PAGE, 1);
        assertEquals(bits(offset * 8, (offset + sizeBytes) * 8 - 1), marked());
        assertEquals(List.of(sizeBytes * 8L * PAGE), outside);
    }

    @ParameterizedTest
    @ValueSource(longs = {FILE_BYTES * 8 * PAGE, FILE_BYTES * 8 * PAGE - 1, Long.MIN_VALUE, -1, -2})
    void aPageWithoutABitIsToldOnceAndNothingIsAccessed(long guestAddress) throws Exception {
        set(0, FILE_BYTES);
        log.mark(guestAddress, 2);
        log.mark(guestAddress, 2);
        assertEquals(List.of(guestAddress), outside);
        assertEquals(new BitSet(), marked());
    }

    @Test
    void whatIsWrittenWhileItIsOffIsNotMarked() throws Exception {
        log.setEnabled(false);
        set(0, FILE_BYTES);
        assertFalse(log.isOn());
        log.mark(0, 1);
        log.setEnabled(true);
        assertTrue(log.isOn());
        log.mark(PAGE, 1);
        log.setEnabled(false);
        log.mark(2 * PAGE, 1);
        log.setEnabled(true);
        log.end();
        assertFalse(log.isOn());
        log.mark(3 * PAGE, 1);
        assertEquals(bits(1), marked());
    }

    @Test
    void marksAreToldOnceUntilTheyAreTaken() throws Exception {
        set(0, FILE_BYTES);
        log.mark(0, 1);
        log.mark(PAGE, 1);
        assertEquals(1, marks);
        log.takeMarked();
        log.mark(PAGE, 1);
        assertEquals(2, marks);
    }

    /** Other back-ends set their bits in the same words: none is lost. */
    @Test
    @Proves("migration-log-04")
    void marksAreAtomic() throws Exception {
        set(0, FILE_BYTES);
        VarHandle word = JAVA_LONG.varHandle();
        for (int round = 0; round < 20; round++) {
            bytes.fill((byte) 0);
            var isStarted = new CountDownLatch(1);
            Thread other = Thread.ofPlatform().start(() -> {
                isStarted.countDown();
                for (int bit = 0; bit < FILE_BYTES * 8; bit += 2) {
                    long ignored = (long) word.getAndBitwiseOr(bytes, bit / 64 * 8L, 1L << bit % 64);
                }
            });
            isStarted.await();
            for (long page = 1; page < FILE_BYTES * 8; page += 2) {
                log.mark(page * PAGE, 1);
            }
            other.join();
            assertEquals(FILE_BYTES * 8, marked().cardinality());
        }
    }

    /** Its memory is never gone, so no access to it can end the process. */
    @Test
    void theFileOfALogCannotBeTruncated() {
        assertThrows(AssertionError.class, () -> Libc.truncate(file, 0));
        assertEquals(FILE_BYTES, FileStatus.of(file).sizeBytes());
    }

    /** The pages of a hole are there again at the next access. */
    @Test
    void aHoleInTheFileIsMarkedAgain() throws Exception {
        set(0, FILE_BYTES);
        log.mark(0, 1);
        Libc.punchHole(file, 0, FILE_BYTES);
        assertEquals(new BitSet(), marked());
        log.mark(PAGE, 1);
        assertEquals(bits(1), marked());
    }

    @Test
    void aFileThatCanBeTruncatedIsRefused() {
        for (Descriptor other : List.of(Libc.memfd(FILE_BYTES), Libc.eventFd(), Libc.pipe(),
                Libc.open("/etc/hostname", Libc.O_RDONLY))) {
            try (other) {
                var place = new DirtyLog.Place(0, FILE_BYTES);
                assertThrows(InvalidMemoryException.class, () -> log.set(other, place));
            }
        }
        assertFalse(log.isOn());
    }

    @Test
    void aFileOfHugePagesIsRefused() {
        try (Descriptor huge = Libc.sealedHugeMemfd(2 << 20)) {
            assumeTrue(huge != null, "the host has no huge pages");
            assertThrows(InvalidMemoryException.class, () -> log.set(huge, new DirtyLog.Place(0, FILE_BYTES)));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 8193", "1, 8192", "8192, 1", "-1, 1", "-8, 16", "9223372036854775807, 1",
            "1, 9223372036854775807", "0, -1", "-9223372036854775808, -9223372036854775808"})
    void aLogThatIsNotInItsFileIsRefused(long offset, long sizeBytes) throws Exception {
        set(0, 4096);
        assertThrows(InvalidMemoryException.class, () -> set(offset, sizeBytes));
        log.mark(0, 1);
        assertEquals(bits(0), marked(), "the one before is still in use");
    }

    @Test
    void aLogTakesThePlaceOfTheOneBefore() throws Exception {
        for (int i = 0; i < 100; i++) {
            setWhenPossible(i, 1);
            log.mark(0, 1);
        }
        var expected = new BitSet();
        for (int i = 0; i < 100; i++) {
            expected.set(i * 8);
        }
        assertEquals(expected, marked());
    }

    /** Those before are unmapped by another thread, and count until then. */
    private void setWhenPossible(long offset, long sizeBytes) throws Exception {
        long endNs = System.nanoTime() + 20_000_000_000L;
        while (true) {
            try {
                set(offset, sizeBytes);
                return;
            } catch (InvalidMemoryException e) {
                assertTrue(System.nanoTime() < endNs, e.getMessage());
                Thread.onSpinWait();
            }
        }
    }
}
