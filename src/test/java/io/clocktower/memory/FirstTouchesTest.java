package io.clocktower.memory;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.linux.Residency;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FirstTouchesTest {

    private static final long PAGE = Residency.PAGE_BYTES;
    private static final long BYTES = 1L << 36;

    private final GuestMemory guest = new GuestMemory(BYTES, 0, 0);
    private long nowNs;
    private final FirstTouches touches = new FirstTouches(() -> nowNs);
    private MemoryRegion region;
    private MemoryTable table;

    @BeforeEach
    void map() throws Exception {
        region = MemoryRegion.map(new MemoryRegion.Place(0, 0, BYTES, 0), guest.file());
        table = MemoryTable.of(List.of(region), touches, DirtyLog.NONE);
    }

    @AfterEach
    void unmap() {
        region.close();
        guest.close();
    }

    private void touch(long page) {
        table.beforeAccess(region, page * PAGE, 8);
        region.bytes().set(ValueLayout.JAVA_BYTE, page * PAGE, (byte) 1);
    }

    @Test
    void pagesThatTheGuestNeverTouchedAreCounted() {
        for (long page = 0; page < FirstTouches.MAX_PAGES; page++) {
            touch(page * 1000);
        }
        assertThrows(UntouchedMemoryException.class, () -> touch(7));
    }

    @Test
    void pagesThatTheGuestTouchedAreNotCounted() {
        for (long page = 0; page < 3 * FirstTouches.MAX_PAGES; page++) {
            guest.at(page * PAGE, 1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            touch(page);
        }
    }

    @Test
    void eachPageOfAPartIsCounted() {
        table.beforeAccess(region, PAGE - 1, 2);
        for (long page = 2; page < FirstTouches.MAX_PAGES; page++) {
            touch(page);
        }
        assertThrows(UntouchedMemoryException.class, () -> touch(FirstTouches.MAX_PAGES));
    }

    @Test
    void aRingIsCountedWhole() {
        MemorySegment ring = region.bytes().asSlice(PAGE, FirstTouches.MAX_PAGES * PAGE);
        assertDoesNotThrow(() -> table.beforeUse(ring));
        assertThrows(UntouchedMemoryException.class, () -> touch(FirstTouches.MAX_PAGES + 2));
    }

    @Test
    void aRingLargerThanTheBudgetIsRefused() {
        MemorySegment ring = region.bytes().asSlice(PAGE, FirstTouches.MAX_PAGES * PAGE + 1);
        assertThrows(UntouchedMemoryException.class, () -> table.beforeUse(ring));
    }

    /** A guest gives a page back to its host, has the device touch it, and so on. */
    @Test
    void pagesThatAreTouchedAgainAfterTheGuestGaveThemBackAreCounted() {
        long touched = 0;
        try {
            for (; touched < 10L * FirstTouches.MAX_PAGES; touched++) {
                guest.at(0, 1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                table.beforeAccess(region, 0, 8);
                Libc.punchHole(guest.file(), 0, PAGE);
                table.beforeAccess(region, 0, 8);
                region.bytes().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                Libc.punchHole(guest.file(), 0, PAGE);
            }
        } catch (UntouchedMemoryException e) {
            // The budget is used up.
        }
        assertTrue(touched < 4L * FirstTouches.MAX_PAGES, touched + " pages");
    }

    @Test
    void theBudgetRefillsByOnePageAMinute() {
        for (long page = 0; page < FirstTouches.MAX_PAGES; page++) {
            touch(page);
        }
        nowNs += FirstTouches.REFILL_NS - 1;
        assertThrows(UntouchedMemoryException.class, () -> touch(FirstTouches.MAX_PAGES));
        nowNs += 1;
        touch(FirstTouches.MAX_PAGES);
        assertThrows(UntouchedMemoryException.class, () -> touch(FirstTouches.MAX_PAGES + 1));
        nowNs += 2 * FirstTouches.REFILL_NS;
        touch(FirstTouches.MAX_PAGES + 1);
        touch(FirstTouches.MAX_PAGES + 2);
    }
}
