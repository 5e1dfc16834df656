package io.clocktower.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.params.provider.Arguments.of;

import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Words;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** vhost-user, "Memory region description". */
class MemoryRegionTest {

    private static final long GUEST = 0x4000_0000L;
    private static final long USER = 0x7f00_0000_0000L;
    private static final long FILE_BYTES = 1 << 20;

    private static void assertRefused(long guest, long user, long bytes, long offset, Descriptor file) {
        try (file) {
            assertThrows(InvalidMemoryException.class,
                    () -> MemoryRegion.map(new MemoryRegion.Place(guest, user, bytes, offset), file));
        }
    }

    static Stream<Arguments> impossible() {
        return Stream.of(of("empty", GUEST, USER, 0L, 0L), of("one byte past the end", GUEST, USER, FILE_BYTES + 1, 0L),
                of("at the end", GUEST, USER, 1L, FILE_BYTES),
                of("past the end", GUEST, USER, 4096L, FILE_BYTES + 4096),
                of("end past the end", GUEST, USER, FILE_BYTES, 1L),
                of("offset beyond 2^63", GUEST, USER, 4096L, Long.MIN_VALUE),
                of("offset of 2^64 - 4096", GUEST, USER, 4096L, -4096L),
                of("end of the part wraps", GUEST, USER, 8192L, -4096L),
                of("2^63 bytes", GUEST, USER, Long.MIN_VALUE, 0L), of("2^64 - 1 bytes", GUEST, USER, -1L, 0L),
                of("2^63 - 1 bytes", GUEST, USER, Long.MAX_VALUE, 0L),
                of("2^63 - 1 bytes at the last offset", GUEST, USER, Long.MAX_VALUE, Long.MAX_VALUE),
                of("guest address wraps", -4096L, USER, 4097L, 0L),
                of("guest address wraps by all", -1L, USER, FILE_BYTES, 0L),
                of("user address wraps", GUEST, -4096L, 4097L, 0L), of("both wrap", -1L, -1L, 2L, 0L));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("impossible")
    void aRegionThatCannotBeIsRefused(String name, long guest, long user, long bytes, long offset) {
        assertRefused(guest, user, bytes, offset, Libc.memfd(FILE_BYTES));
    }

    /** A file's length has 63 bits, and all of them may be asked for. */
    @Test
    void aRegionOfTheGreatestFileIsRefusedOrMapped() {
        try (var file = Libc.memfd(Long.MAX_VALUE)) {
            for (long bytes : new long[]{Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE - 4095, 1L << 62}) {
                assertThrows(InvalidMemoryException.class,
                        () -> MemoryRegion.map(new MemoryRegion.Place(0, 0, bytes, 0), file));
                assertThrows(InvalidMemoryException.class,
                        () -> MemoryRegion.map(new MemoryRegion.Place(0, 0, bytes - 100, Long.MAX_VALUE - bytes + 100),
                                file));
            }
        }
    }

    @Test
    void aDescriptorOfTheWrongKindIsRefused(@TempDir Path directory) throws Exception {
        assertRefused(GUEST, USER, 4096, 0, Libc.pipe());
        assertRefused(GUEST, USER, 4096, 0, Libc.eventFd());
        assertRefused(GUEST, USER, 4096, 0, Libc.open("/dev/null", Libc.O_RDWR));
        assertRefused(GUEST, USER, 4096, 0, Libc.open("/dev/zero", Libc.O_RDWR));
        assertRefused(GUEST, USER, 4096, 0, Libc.open("/", Libc.O_RDONLY));
        assertRefused(GUEST, USER, 16, 0, Libc.open("/proc/self/status", Libc.O_RDONLY));
        Path file = Files.write(directory.resolve("file"), new byte[4096]);
        assertRefused(GUEST, USER, 4096, 0, Libc.open(file.toString(), Libc.O_RDONLY));
    }

    @Test
    void aDescriptorThatIsClosedIsAnError() {
        Descriptor file = Libc.memfd(4096);
        file.close();
        assertThrows(LinuxException.class, () -> MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 4096, 0), file));
    }

    @Test
    void aFileOfAnyFileSystemIsMapped(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[]{1, 2, 3, 4});
        try (var descriptor = Libc.open(file.toString(), Libc.O_RDWR);
                var region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 4, 0), descriptor)) {
            assertEquals(4, region.bytes().byteSize());
            assertEquals(3, region.bytes().get(JAVA_BYTE, 2));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 8, 4095, 4096, 4097, 65536, 65537, FILE_BYTES - 100})
    void anyMmapOffsetIsMapped(long offset) throws Exception {
        try (var memory = new GuestMemory(FILE_BYTES, 0, 0);
                var region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, FILE_BYTES - offset, offset),
                        memory.file())) {
            memory.write(offset, new byte[]{7});
            memory.write(FILE_BYTES - 1, new byte[]{9});
            assertEquals(FILE_BYTES - offset, region.bytes().byteSize());
            assertEquals(7, region.bytes().get(JAVA_BYTE, 0));
            assertEquals(9, region.bytes().get(JAVA_BYTE, FILE_BYTES - offset - 1));
            assertThrows(IndexOutOfBoundsException.class, () -> region.bytes().get(JAVA_BYTE, FILE_BYTES - offset));
        }
    }

    @Test
    void aRegionOf5GiBIsAccessedAtItsEnd() throws Exception {
        long bytes = 5L << 30;
        try (var memory = new GuestMemory(bytes, 0, 0);
                var region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, bytes, 0), memory.file())) {
            memory.write(bytes - 1, new byte[]{42});
            assertEquals(42, region.bytes().get(JAVA_BYTE, bytes - 1));
            var table = MemoryTable.of(java.util.List.of(region));
            MemorySegment last = table.atUserAddress(USER + bytes - 2, 2).orElseThrow();
            assertEquals(42, last.get(JAVA_BYTE, 1));
            long[] copy = Words.room(1);
            assertTrue(table.copyFromGuest(GUEST + bytes - 1, copy, 1));
            assertEquals(42, copy[0]);
            assertFalse(table.copyFromGuest(GUEST + bytes, copy, 1));
        }
    }

    @Test
    void aRegionOfHugePagesIsMapped() throws Exception {
        long page = 2 << 20;
        Descriptor file;
        MemoryRegion region;
        try {
            file = Libc.memfd(2 * page, Libc.MFD_HUGETLB);
            region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 2 * page - 4096, 4096), file);
            region.bytes().set(JAVA_BYTE, 0, (byte) 1);
        } catch (AssertionError | InvalidMemoryException | InternalError e) {
            abort("this machine has no huge pages free: " + e.getMessage());
            return;
        }
        region.bytes().set(JAVA_BYTE, 2 * page - 4097, (byte) 2);
        region.close();
        file.close();
    }

    @Test
    void theEndOfTheAddressesMayBeARegionsEnd() throws Exception {
        try (var file = Libc.memfd(4096);
                var region = MemoryRegion.map(new MemoryRegion.Place(-4096, -4096, 4096, 0), file)) {
            assertTrue(region.holdsGuest(-1));
            assertTrue(region.holdsUser(-4096));
            assertFalse(region.holdsGuest(0));
            assertFalse(region.holdsGuest(-4097));
        }
    }

    @Test
    void anAccessAfterCloseIsAnException() throws Exception {
        try (var file = Libc.memfd(4096)) {
            MemoryRegion region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 4096, 0), file);
            MemoryTable table = MemoryTable.of(java.util.List.of(region));
            MemorySegment part = table.atUserAddress(USER, 16).orElseThrow();
            region.close();
            assertThrows(IllegalStateException.class, () -> region.bytes().get(JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, () -> part.get(JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class,
                    () -> table.copyFromGuest(GUEST, Words.room(1), 1));
        }
    }

    @Test
    void anotherThreadHasNoAccess() throws Exception {
        try (var file = Libc.memfd(4096);
                var region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 4096, 0), file)) {
            var failure = new java.util.concurrent.CompletableFuture<Throwable>();
            Thread.ofPlatform().start(() -> {
                try {
                    region.bytes().get(JAVA_BYTE, 0);
                    failure.complete(null);
                } catch (Throwable thrown) {
                    failure.complete(thrown);
                }
            });
            assertEquals(WrongThreadException.class, failure.get().getClass());
        }
    }

    @Test
    void anAccessBehindATruncatedFilesEndIsAnError() throws Exception {
        try (var file = Libc.memfd(8192);
                var region = MemoryRegion.map(new MemoryRegion.Place(GUEST, USER, 8192, 0), file)) {
            Libc.truncate(file, 4096);
            assertThrows(InternalError.class, () -> region.bytes().get(JAVA_BYTE, 4096));
            assertEquals(0, region.bytes().get(JAVA_BYTE, 0));
        }
    }
}
