package io.clocktower.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BudgetTest {

    private static final int DEVICES = 1000;
    private static final long TIB = 1L << 40;

    @Test
    void whatIsGuaranteedIsThereWhateverTheOthersTook() {
        var budget = new Budget(10_000, 8, DEVICES);
        for (int i = 0; i < DEVICES; i++) {
            long taken = 0;
            while (budget.take(1, 8 + taken, 8 + taken, taken) > 0) {
                taken++;
            }
        }
        for (int i = 0; i < DEVICES; i++) {
            assertEquals(0, budget.take(8, 0, 0, 0));
        }
    }

    @Test
    void aDeviceTakesAtMostAQuarterOfWhatIsFree() {
        var budget = new Budget(1000 + 8 * DEVICES, 8, DEVICES);
        assertEquals(258, budget.available());
        assertEquals(-1, budget.take(259, 0, 0, 0));
        assertEquals(250, budget.take(258, 0, 0, 0));
        assertEquals(-1, budget.take(1, 258, 258, 250));
        assertEquals(8 + 750 / 4, budget.available());
    }

    /** A front-end chooses the amount, and may hold more than is guaranteed. */
    @Test
    void amountsThatOverflowTakeNothingAndGiveNothing() {
        var addresses = new MemoryLimits(65_530, 1L << 47, false).addresses();
        long charged = addresses.take(8 * TIB, 0, 0, 0);
        long available = addresses.available();
        for (long amount : new long[]{Long.MAX_VALUE, Long.MAX_VALUE & -4096, Long.MIN_VALUE, -1, 1L << 62, 1L << 47}) {
            assertEquals(-1, addresses.take(amount, 8 * TIB, 8 * TIB, charged));
        }
        assertEquals(available, addresses.available());
    }

    /** A front-end that replaces its memory again and again has no more than is guaranteed besides what is counted. */
    @Test
    void whatIsStillToBeGivenBackIsCounted() {
        var budget = new Budget(1000 + 8 * DEVICES, 8, DEVICES);
        long charged = 0;
        for (int tables = 0; tables < 10; tables++) {
            charged += budget.take(8, 0, 8 * tables, charged);
        }
        assertEquals(9 * 8, charged);
    }

    @Test
    void whatIsGivenBackIsThereAgain() {
        var budget = new Budget(1000 + 8 * DEVICES, 8, DEVICES);
        for (int i = 0; i < 100; i++) {
            budget.giveBack(budget.take(200, 0, 0, 0));
        }
        assertEquals(258, budget.available());
    }

    /** Many threads take and give back; no more is out than there is. */
    @Test
    void threadsTakeNoMoreThanThereIs() throws Exception {
        var budget = new Budget(1000, 0, 0);
        var out = new AtomicLong();
        var most = new AtomicLong();
        var threads = IntStream.range(0, 4).mapToObj(_ -> Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 50_000; i++) {
                long charge = budget.take(200, 0, 0, 0);
                if (charge > 0) {
                    most.accumulateAndGet(out.addAndGet(charge), Math::max);
                    out.addAndGet(-charge);
                    budget.giveBack(charge);
                }
            }
        })).toList();
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(most.get() <= 1000, most + " of 1000 were out");
        assertEquals(250, budget.available());
    }

    @Test
    void aVirtualMachineOf12TiBHasRoomBesideOneThatTookAllItCould() {
        var addresses = new MemoryLimits(65_530, 1L << 47, false).addresses();
        assertTrue(addresses.take(addresses.available(), 0, 0, 0) > 0);
        assertTrue(addresses.take(12 * TIB, 0, 0, 0) > 0);
    }

    /** A new memory table is mapped while the previous one still is, and has its place soon. */
    @Test
    void aVirtualMachineOf12TiBCanReplaceItsMemoryTable() {
        var addresses = new MemoryLimits(65_530, 1L << 47, false).addresses();
        addresses.take(addresses.available(), 0, 0, 0);
        long charged = addresses.take(12 * TIB, 0, 0, 0);
        assertTrue(addresses.take(12 * TIB, 0, 12 * TIB, charged) > 0);
    }

    @Test
    void tenFrontEndsThatTookAllTheyCouldLeaveRoomFor512GiB() {
        var addresses = new MemoryLimits(65_530, 1L << 47, false).addresses();
        for (int i = 0; i < 10; i++) {
            addresses.take(addresses.available(), 0, 0, 0);
        }
        assertTrue(addresses.take(TIB / 2, 0, 0, 0) > 0);
    }

    /** A process with 2^39 bytes of addresses, as some aarch64 kernels have. */
    @Test
    void smallAddressSpacesAreShared() {
        var addresses = new MemoryLimits(65_530, 1L << 39, false).addresses();
        assertTrue(addresses.take(64L << 30, 0, 0, 0) > 0);
        assertEquals(-1, addresses.take(1L << 39, 0, 0, 0));
    }

    @Test
    void allFrontEndsTogetherLeaveTheJvmAQuarterOfTheMappings() {
        var mappings = new MemoryLimits(65_530, 1L << 47, false).mappings();
        long taken = 0;
        for (int i = 0; i < DEVICES; i++) {
            long slots = Math.min(MemoryLimits.MAX_SLOTS, mappings.available());
            assertTrue(slots >= 16, "device " + i + " has " + slots);
            assertTrue(mappings.take(slots, 0, 0, 0) >= 0);
            taken += slots;
        }
        assertTrue(taken <= 65_530 * 3 / 4, taken + " mappings");
    }
}
