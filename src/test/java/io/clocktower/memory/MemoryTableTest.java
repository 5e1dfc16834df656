package io.clocktower.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Words;
import io.clocktower.linux.Descriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryTableTest {

    private static final long PAGE = 4096;
    private static final long GUEST = 0x10_0000L;
    private static final long USER = 0x7f00_0000_0000L;

    private final List<MemoryRegion> regions = new ArrayList<>();
    private Descriptor file;

    @BeforeEach
    void makeFile() {
        file = Libc.memfd(64 * PAGE);
    }

    @AfterEach
    void close() {
        regions.forEach(MemoryRegion::close);
        file.close();
    }

    private MemoryRegion region(long guest, long user, long bytes) throws Exception {
        MemoryRegion region = MemoryRegion.map(new MemoryRegion.Place(guest, user, bytes, 0), file);
        regions.add(region);
        return region;
    }

    @Test
    void anEmptyTableHoldsNothing() {
        assertNull(MemoryTable.EMPTY.regionAt(0));
        assertTrue(MemoryTable.EMPTY.atUserAddress(0, 1).isEmpty());
        assertFalse(MemoryTable.EMPTY.copyFromGuest(0, Words.room(1), 1));
    }

    @Test
    void aGuestAddressIsTranslatedWithinTheBounds() throws Exception {
        MemoryRegion region = region(GUEST, USER, PAGE);
        var table = MemoryTable.of(regions);
        assertNull(table.regionAt(GUEST - 1));
        assertSame(region, table.regionAt(GUEST));
        assertSame(region, table.regionAt(GUEST + PAGE - 1));
        assertNull(table.regionAt(GUEST + PAGE));
        assertNull(table.regionAt(0));
        assertNull(table.regionAt(-1));
        assertNull(table.regionAt(GUEST + Long.MIN_VALUE));
    }

    @Test
    void aUserAddressIsTranslatedWithinTheBounds() throws Exception {
        MemoryRegion region = region(GUEST, USER, PAGE);
        region.bytes().set(JAVA_BYTE, 100, (byte) 42);
        var table = MemoryTable.of(regions);
        assertEquals(42, table.atUserAddress(USER + 100, 1).orElseThrow().get(JAVA_BYTE, 0));
        assertEquals(PAGE, table.atUserAddress(USER, PAGE).orElseThrow().byteSize());
        assertTrue(table.atUserAddress(USER, PAGE + 1).isEmpty());
        assertTrue(table.atUserAddress(USER + 1, PAGE).isEmpty());
        assertTrue(table.atUserAddress(USER + PAGE - 1, 1).isPresent());
        assertTrue(table.atUserAddress(USER + PAGE - 1, 2).isEmpty());
        assertTrue(table.atUserAddress(USER + PAGE, 1).isEmpty());
        assertTrue(table.atUserAddress(USER - 1, 1).isEmpty());
        assertTrue(table.atUserAddress(GUEST, 1).isEmpty());
        assertTrue(table.atUserAddress(USER, Long.MAX_VALUE).isEmpty());
    }

    @Test
    void addressesAreUnsigned() throws Exception {
        MemoryRegion low = region(0, Long.MAX_VALUE - PAGE + 1, PAGE);
        MemoryRegion middle = region(Long.MAX_VALUE - PAGE + 1, Long.MIN_VALUE, PAGE);
        MemoryRegion high = region(Long.MIN_VALUE, 0, PAGE);
        MemoryRegion last = region(-PAGE, -PAGE, PAGE);
        var table = MemoryTable.of(regions);
        assertSame(low, table.regionAt(0));
        assertSame(middle, table.regionAt(Long.MAX_VALUE));
        assertSame(high, table.regionAt(Long.MIN_VALUE));
        assertSame(last, table.regionAt(-1));
        assertNull(table.regionAt(Long.MIN_VALUE + PAGE));
        assertNull(table.regionAt(-PAGE - 1));
        assertTrue(table.atUserAddress(Long.MIN_VALUE + PAGE - 1, 1).isPresent());
        assertTrue(table.atUserAddress(-1, 1).isPresent());
        assertTrue(table.atUserAddress(-1, 2).isEmpty(), "wraps to where another region begins");
        long[] copy = Words.room(16);
        assertTrue(table.copyFromGuest(Long.MAX_VALUE - 7, copy, 16), "regions adjoin");
        assertFalse(table.copyFromGuest(-8, copy, 16), "wraps");
    }

    @Test
    void everyAddressIsFoundAmongAnyNumberOfRegions() throws Exception {
        var random = new Random(4);
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < 509; i++) {
            slots.add(i);
        }
        java.util.Collections.shuffle(slots, random);
        for (int slot : slots) {
            region(GUEST + slot * 2 * PAGE, USER + slot * PAGE, PAGE);
        }
        var table = MemoryTable.of(regions);
        for (int i = 0; i < 20_000; i++) {
            int position = random.nextInt(regions.size());
            long offset = random.nextLong(PAGE);
            MemoryRegion region = regions.get(position);
            assertSame(region, table.regionAt(region.guestAddress() + offset));
            assertNull(table.regionAt(region.guestAddress() + PAGE + offset));
        }
    }

    private void assertOverlap(long guest, long user, long bytes) throws Exception {
        MemoryRegion second = MemoryRegion.map(new MemoryRegion.Place(guest, user, bytes, 0), file);
        assertThrows(InvalidMemoryException.class, () -> MemoryTable.of(List.of(regions.getFirst(), second)));
        assertThrows(InvalidMemoryException.class, () -> MemoryTable.of(List.of(second, regions.getFirst())));
        assertThrows(InvalidMemoryException.class, () -> MemoryTable.of(regions).with(second));
        second.close();
    }

    @Test
    void regionsThatOverlapAreRefused() throws Exception {
        region(GUEST, USER, 4 * PAGE);
        long elsewhere = 0x5000_0000L;
        for (long by : new long[]{0, 1, PAGE, 4 * PAGE - 1}) {
            assertOverlap(GUEST + by, elsewhere, PAGE);
            assertOverlap(elsewhere, USER + by, PAGE);
        }
        assertOverlap(GUEST - PAGE, elsewhere, PAGE + 1);
        assertOverlap(elsewhere, USER - PAGE, PAGE + 1);
        assertOverlap(GUEST - PAGE, elsewhere, 6 * PAGE);
        assertOverlap(elsewhere, USER - PAGE, 6 * PAGE);
        assertOverlap(GUEST, USER, 4 * PAGE);
        region(GUEST + 4 * PAGE, USER - PAGE, PAGE);
        assertEquals(2, MemoryTable.of(regions).regions().size(), "those that adjoin do not");
    }

    @Test
    void aTableDoesNotChange() throws Exception {
        MemoryRegion first = region(GUEST, USER, PAGE);
        MemoryRegion second = region(GUEST + PAGE, USER + PAGE, PAGE);
        var one = MemoryTable.of(List.of(second));
        var two = one.with(first);
        assertEquals(List.of(second), one.regions());
        assertEquals(List.of(first, second), two.regions());
        assertEquals(List.of(first), two.without(second).regions());
        assertEquals(2, two.regions().size());
    }

    @Test
    void aRegionIsFoundByAllThatDescribesIt() throws Exception {
        MemoryRegion region = region(GUEST, USER, PAGE);
        var table = MemoryTable.of(regions);
        assertSame(region, table.find(GUEST, USER, PAGE).orElseThrow());
        assertTrue(table.find(GUEST + 1, USER, PAGE).isEmpty());
        assertTrue(table.find(GUEST, USER + 1, PAGE).isEmpty());
        assertTrue(table.find(GUEST, USER, PAGE - 1).isEmpty());
    }

    @Test
    void aCopySpansRegionsThatAdjoinAndNoHole() throws Exception {
        region(GUEST, USER, PAGE).bytes().fill((byte) 1);
        region(GUEST + PAGE, USER + 10 * PAGE, PAGE);
        region(GUEST + 3 * PAGE, USER + 20 * PAGE, PAGE);
        var table = MemoryTable.of(regions);
        int twoPages = (int) (2 * PAGE);
        long[] copy = Words.room(twoPages);
        assertTrue(table.copyFromGuest(GUEST, copy, twoPages));
        assertEquals(1, Words.bytes(copy, twoPages)[twoPages - 1]);
        assertFalse(table.copyFromGuest(GUEST + 1, copy, twoPages));
        assertFalse(table.copyFromGuest(GUEST + 2 * PAGE - 1, copy, twoPages / 2 + 2));
        assertTrue(table.copyFromGuest(12345, copy, 0));
    }
}
