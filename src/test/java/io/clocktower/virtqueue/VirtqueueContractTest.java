package io.clocktower.virtqueue;

import static io.clocktower.frontend.SplitDriver.Piece.readable;
import static io.clocktower.frontend.SplitDriver.Piece.writable;
import static io.clocktower.virtqueue.GuestRegions.BUFFERS;
import static io.clocktower.virtqueue.GuestRegions.END;
import static io.clocktower.virtqueue.GuestRegions.HALF_BYTES;
import static io.clocktower.virtqueue.GuestRegions.SEAM;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import io.clocktower.frontend.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for a virtqueue of any kind. A subclass for each kind says how its two sides are made. */
abstract class VirtqueueContractTest {

    static final long ALL = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;
    static final long PLAIN = Feature.VERSION_1;

    final DescriptorChain chain = new DescriptorChain();
    private final TurnBudget budget = new TurnBudget();
    GuestRegions memory;

    @BeforeEach
    void makeMemory() throws Exception {
        memory = new GuestRegions();
    }

    @AfterEach
    void giveMemoryBack() {
        memory.close();
    }

    /** Makes a ring in {@link #memory} and its driver. */
    abstract DriverSide driver(int size);

    /** The device's side of the ring that {@link #driver} made last. */
    abstract Virtqueue virtqueue(long features) throws Exception;

    /** Has the virtqueue go on in the same ring, where {@link #memory} is mapped now. */
    abstract void remap(Virtqueue virtqueue) throws Exception;

    /** Takes the next buffer into {@link #chain}, in as many turns as that takes. */
    boolean pop(Virtqueue virtqueue) throws VirtqueueException {
        do {
            budget.begin();
            if (virtqueue.pop(chain, budget)) {
                return true;
            }
        } while (budget.isSpent());
        return false;
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return content;
    }

    byte[] readAll() {
        int bytes = (int) chain.readableBytes();
        long[] words = Words.room(bytes);
        chain.read(words, bytes);
        return Words.bytes(words, bytes);
    }

    void assertBroken(Virtqueue virtqueue) {
        int base = virtqueue.base();
        assertThrows(VirtqueueException.class, () -> pop(virtqueue));
        assertEquals(base, virtqueue.base(), "the buffer is not taken");
    }

    private void assertBroken(long features, Piece... pieces) throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(features);
        driver.offer(List.of(pieces));
        assertBroken(virtqueue);
        assertFalse(driver.hasUsed());

        driver = driver(16);
        virtqueue = virtqueue(features | Feature.INDIRECT_DESC);
        driver.offerIndirect(BUFFERS, List.of(pieces));
        assertBroken(virtqueue);
        assertFalse(driver.hasUsed());
    }

    @Test
    void anEmptyRingHasNothing() throws Exception {
        driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        assertFalse(pop(virtqueue));
        assertFalse(virtqueue.enableNotifications());
        assertFalse(virtqueue.publish());
    }

    @Test
    @Proves("split-used-ring-02")
    void aBufferIsReadWrittenAndUsed() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        byte[] request = content(100);
        memory.write(BUFFERS, request);
        int id = driver.offer(List.of(readable(BUFFERS, 100), writable(BUFFERS + 200, 50)));

        assertTrue(pop(virtqueue));
        assertEquals(100, chain.readableBytes());
        assertEquals(50, chain.writableBytes());
        assertArrayEquals(request, readAll());
        byte[] response = content(40);
        chain.write(Words.of(response), 40);
        assertFalse(driver.hasUsed());
        virtqueue.push(chain, 40);
        virtqueue.publish();

        assertEquals(new Used(id, 40), driver.takeUsed());
        assertArrayEquals(response, memory.read(BUFFERS + 200, 40));
        assertArrayEquals(new byte[10], memory.read(BUFFERS + 240, 10), "behind the used length");
        assertFalse(pop(virtqueue));
    }

    /** Any number of pieces, of any length, some of them empty. */
    private static List<Piece> cut(long address, int bytes, int pieces, boolean isWritable, Random random) {
        List<Piece> cut = new ArrayList<>();
        int done = 0;
        for (int i = 0; i < pieces; i++) {
            int length = i == pieces - 1 ? bytes - done : random.nextInt(1 + 2 * (bytes - done) / (pieces - i));
            length = Math.min(length, bytes - done);
            cut.add(new Piece(address + done, length, isWritable));
            done += length;
        }
        return cut;
    }

    /**
     * "The device MUST NOT make assumptions about the particular arrangement of descriptors." All lie about the seam of
     * two regions.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Proves({"split-framing-01", "split-table-01", "packed-table-01", "packed-list-01"})
    void chainsOfEveryLengthUpToTheRingSizeAreTaken(boolean isIndirect) throws Exception {
        var random = new Random(1);
        for (int pieces = 2; pieces <= 256; pieces++) {
            DriverSide driver = driver(256);
            Virtqueue virtqueue = virtqueue(ALL);
            int readablePieces = 1 + random.nextInt(pieces - 1);
            byte[] request = content(300);
            long in = SEAM - 150;
            long out = SEAM - 5_000;
            memory.write(in, request);
            List<Piece> all = new ArrayList<>(cut(in, 300, readablePieces, false, random));
            all.addAll(cut(out, 200, pieces - readablePieces, true, random));

            int id = isIndirect ? driver.offerIndirect(SEAM - 10_000, all) : driver.offer(all);

            assertTrue(pop(virtqueue));
            assertEquals(200, chain.writableBytes());
            assertArrayEquals(request, readAll());
            byte[] response = content(200);
            chain.write(Words.of(response), 200);
            virtqueue.push(chain, 200);
            virtqueue.publish();
            assertArrayEquals(response, memory.read(out, 200));
            assertArrayEquals(request, memory.read(in, 300), "device-readable");
            assertEquals(new Used(id, 200), driver.takeUsed());
            memory.close();
            memory = new GuestRegions();
        }
    }

    @Test
    @Proves({"packed-order-01", "packed-order-02"})
    void everySizeOfRingIsFilledAndEmptiedTwice() throws Exception {
        for (int size = 1; size <= 32768; size *= 2) {
            DriverSide driver = driver(size);
            Virtqueue virtqueue = virtqueue(ALL);
            for (int round = 0; round < 2; round++) {
                List<Integer> ids = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    ids.add(driver.offer(List.of(writable(BUFFERS + i, 1))));
                }
                for (int i = 0; i < size; i++) {
                    assertTrue(pop(virtqueue));
                    virtqueue.push(chain, 1);
                    virtqueue.publish();
                }
                assertFalse(pop(virtqueue));
                for (int id : ids) {
                    assertEquals(new Used(id, 1), driver.takeUsed());
                }
                assertFalse(driver.hasUsed());
            }
            memory.close();
            memory = new GuestRegions();
        }
    }

    @Test
    void indicesWrap() throws Exception {
        DriverSide driver = driver(4);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 140_000; i++) {
            int id = driver.offer(List.of(writable(BUFFERS, 16)));
            assertTrue(pop(virtqueue));
            virtqueue.push(chain, i & 0xf);
            virtqueue.publish();
            assertEquals(new Used(id, i & 0xf), driver.takeUsed());
        }
    }

    @Test
    @Proves("split-framing-01")
    void aDescriptorMayBeEmpty() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        memory.write(BUFFERS, new byte[]{1, 2});
        driver.offer(List.of(readable(BUFFERS, 1), readable(BUFFERS, 0), readable(BUFFERS + 1, 1), writable(BUFFERS, 0),
                writable(BUFFERS + 8, 4), writable(BUFFERS, 0)));

        assertTrue(pop(virtqueue));
        assertArrayEquals(new byte[]{1, 2}, readAll());
        assertEquals(4, chain.writableBytes());
    }

    @Test
    void aBufferMayBeEmpty() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        int id = driver.offer(List.of(readable(BUFFERS, 0)));

        assertTrue(pop(virtqueue));
        assertEquals(0, chain.readableBytes());
        assertEquals(0, chain.writableBytes());
        chain.read(new long[1], 0);
        chain.write(new long[1], 0);
        virtqueue.push(chain, 0);
        virtqueue.publish();
        assertEquals(new Used(id, 0), driver.takeUsed());
    }

    @Test
    void aDescriptorMaySpanRegionsThatAdjoin() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        byte[] request = content(2000);
        memory.write(SEAM - 1000, request);
        driver.offer(List.of(readable(SEAM - 1000, 2000)));

        assertTrue(pop(virtqueue));
        assertArrayEquals(request, readAll());
    }

    @Test
    void aDescriptorMayReachTheMemorysEnd() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        driver.offer(List.of(readable(END - 1, 1), writable(END - 16, 16)));
        assertTrue(pop(virtqueue));
    }

    @Test
    void aDescriptorOutsideTheMemoryBreaksTheRing() throws Exception {
        assertBroken(PLAIN, readable(END, 1));
        assertBroken(PLAIN, readable(END - 1, 2));
        assertBroken(PLAIN, writable(END - 1, 2));
        assertBroken(PLAIN, readable(BUFFERS - 1, 1));
        assertBroken(PLAIN, readable(BUFFERS - 1, 2));
        assertBroken(PLAIN, readable(0, 16));
        assertBroken(PLAIN, readable(-1, 1));
        assertBroken(PLAIN, readable(Long.MIN_VALUE, 16));
        assertBroken(PLAIN, readable(BUFFERS, 16), writable(END, 16));
    }

    @Test
    void aDescriptorOfTheGreatestLengthBreaksTheRing() throws Exception {
        assertBroken(PLAIN, readable(BUFFERS, 0xffff_ffff));
        assertBroken(PLAIN, writable(BUFFERS, 0xffff_ffff));
        assertBroken(PLAIN, writable(-1, 0xffff_ffff));
    }

    /** Even where the memory's last byte and its first adjoin, modulo 2^64. */
    @Test
    void aDescriptorThatWrapsBreaksTheRing() throws Exception {
        memory.add(new GuestMemory(4096, -4096, 0x1_0000_0000L));
        memory.add(new GuestMemory(4096, 0, 0x2_0000_0000L));
        assertBroken(PLAIN, readable(-8, 16));
        assertBroken(PLAIN, writable(-8, 16));

        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        driver.offer(List.of(readable(-8, 8), writable(0, 16)));
        assertTrue(pop(virtqueue));
    }

    @Test
    void aDescriptorOverAHoleBreaksTheRing() throws Exception {
        memory.add(new GuestMemory(4096, END + 4096, 0x1_0000_0000L));
        assertBroken(PLAIN, readable(END - 16, 4096 + 32));
    }

    /** "The driver MUST place any device-writable descriptor elements after any device-readable descriptor elements." */
    @Test
    void aReadableDescriptorAfterAWritableOneBreaksTheRing() throws Exception {
        assertBroken(PLAIN, writable(BUFFERS, 16), readable(BUFFERS, 16));
        assertBroken(PLAIN, readable(BUFFERS, 16), writable(BUFFERS, 16), readable(BUFFERS, 16));
        assertBroken(PLAIN, writable(BUFFERS, 0), readable(BUFFERS, 16));
        assertBroken(PLAIN, writable(BUFFERS, 16), readable(BUFFERS, 0));
    }

    /** "The driver MUST NOT set the VIRTQ_DESC_F_INDIRECT flag unless the VIRTIO_F_INDIRECT_DESC feature was negotiated." */
    @Test
    void anIndirectTableThatWasNotNegotiatedBreaksTheRing() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(PLAIN);
        driver.offerIndirect(BUFFERS, List.of(readable(BUFFERS, 16)));
        assertBroken(virtqueue);
    }

    /** "A driver MUST NOT create a descriptor chain longer than the Queue Size of the device." */
    @Test
    @Proves({"split-framing-02", "packed-list-02"})
    void anIndirectTableLongerThanTheRingBreaksTheRing() throws Exception {
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            pieces.add(readable(BUFFERS, 1));
        }
        driver.offerIndirect(BUFFERS, pieces);
        assertBroken(virtqueue);
    }

    /** "Drivers MUST NOT add a descriptor chain longer than 2^32 bytes in total". */
    @Test
    void aChainOfMoreThan4GiBBreaksTheRing() throws Exception {
        memory.add(new GuestMemory(3L << 30, 1L << 40, 1L << 41));
        int half = 1 << 31;
        assertBroken(PLAIN, readable(1L << 40, half), writable(1L << 40, half), writable(1L << 40, 1));

        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        driver.offer(List.of(readable(1L << 40, half), writable(1L << 40, half)));
        assertTrue(pop(virtqueue));
        assertEquals(1L << 31, chain.readableBytes());
        assertEquals(1L << 31, chain.writableBytes());
    }

    /** However many regions a front-end makes of them, the pieces of a chain are no more than memory can bear. */
    @Test
    void aChainInTooManyPiecesBreaksTheRing() throws Exception {
        for (int i = 0; i < 64; i++) {
            memory.add(new GuestMemory(1, (1L << 40) + i, (1L << 41) + i * 4096L));
        }
        DriverSide driver = driver(32768);
        Virtqueue virtqueue = virtqueue(ALL);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < 32768; i++) {
            pieces.add(readable(1L << 40, 64));
        }
        driver.offer(pieces);
        assertBroken(virtqueue);
    }

    /** Whatever its pieces are, a chain costs a turn no more than the budget; the turns together take it whole. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLongChainIsWalkedInTurnsEachOfWhichIsBounded(boolean isIndirect) throws Exception {
        for (int length : new int[]{0, 1}) {
            DriverSide driver = driver(32768);
            Virtqueue virtqueue = virtqueue(ALL);
            memory.write(BUFFERS + HALF_BYTES - 1, new byte[]{42});
            List<Piece> pieces = new ArrayList<>(Collections.nCopies(32767, readable(BUFFERS, length)));
            pieces.add(writable(SEAM - 1, 2));
            int id = isIndirect ? driver.offerIndirect(BUFFERS, pieces) : driver.offer(pieces);
            int base = virtqueue.base();
            int turns = 0;
            boolean isTaken = false;
            for (; !isTaken && turns < 100; turns++) {
                assertEquals(base, virtqueue.base(), "the buffer is not taken before its end");
                budget.begin();
                isTaken = virtqueue.pop(chain, budget);
                assertTrue(isTaken || budget.isSpent());
            }
            assertTrue(turns >= (length == 0 ? 8 : 16), turns + " turns");
            assertEquals(32767L * length, chain.readableBytes());
            assertEquals(2, chain.writableBytes());
            virtqueue.push(chain, 2);
            virtqueue.publish();
            assertEquals(new Used(id, 2), driver.takeUsed());
            assertFalse(pop(virtqueue));
        }
    }

    /** One descriptor may lie in as many pieces as there are regions. */
    @Test
    void piecesOfDescriptorsCostATurnAsDescriptorsDo() throws Exception {
        for (int i = 0; i < 500; i++) {
            memory.add(new GuestMemory(1, (1L << 40) + i, (1L << 41) + i * 4096L));
        }
        DriverSide driver = driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 16; i++) {
            driver.offer(List.of(readable(1L << 40, 500)));
        }
        budget.begin();
        int taken = 0;
        while (!budget.isSpent() && virtqueue.pop(chain, budget)) {
            taken++;
        }
        assertTrue(budget.isSpent());
        assertEquals(9, taken);
    }

    /** A front-end may change the memory between two turns of a chain. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLongChainBeginsAgainWhereTheMemoryChanged(boolean isIndirect) throws Exception {
        DriverSide driver = driver(32768);
        Virtqueue virtqueue = virtqueue(ALL);
        List<Piece> pieces = new ArrayList<>(Collections.nCopies(20000, readable(BUFFERS, 1)));
        int id = isIndirect ? driver.offerIndirect(BUFFERS, pieces) : driver.offer(pieces);
        budget.begin();
        assertFalse(virtqueue.pop(chain, budget));
        remap(virtqueue);
        assertTrue(pop(virtqueue));
        assertEquals(20000, chain.readableBytes());
        virtqueue.push(chain, 0);
        virtqueue.publish();
        assertEquals(new Used(id, 0), driver.takeUsed());
    }

    /** Other devices of the thread wait for no more than so many buffers. */
    @Test
    void aTurnTakesABoundedNumberOfBuffers() throws Exception {
        DriverSide driver = driver(1024);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 1000; i++) {
            driver.offer(List.of(writable(BUFFERS, 0)));
        }
        budget.begin();
        int taken = 0;
        while (!budget.isSpent() && virtqueue.pop(chain, budget)) {
            taken++;
        }
        assertEquals(256, taken);
    }

    @Test
    @Proves({"split-used-notification-02", "split-used-notification-03", "split-used-notification-05",
            "split-used-notification-06"})
    void aNotificationIsDueWhereTheDriverWantsOne() throws Exception {
        for (long features : new long[]{ALL, PLAIN}) {
            DriverSide driver = driver(16);
            Virtqueue virtqueue = virtqueue(features);
            for (int i = 0; i < 100; i++) {
                boolean isWanted = i % 3 == 0;
                driver.wantNotifications(isWanted);
                driver.offer(List.of(writable(BUFFERS, 1)));
                assertTrue(pop(virtqueue));
                virtqueue.push(chain, 1);
                if (i % 2 == 0) {
                    virtqueue.show();
                    assertTrue(driver.hasUsed(), "shown before the driver is notified");
                }
                assertEquals(isWanted, virtqueue.publish(), "features " + features + ", buffer " + i);
                assertFalse(virtqueue.publish(), "once for each");
                driver.takeUsed();
            }
        }
    }

    /** The next one to look at the ring may wait for a kick, however far behind the driver the device is then. */
    @Test
    void whoeverStopsLookingLeavesTheDriversNotificationsOn() throws Exception {
        for (long features : new long[]{ALL, PLAIN}) {
            for (int left = 0; left < 5; left++) {
                DriverSide driver = driver(16);
                Virtqueue virtqueue = virtqueue(features);
                assertFalse(virtqueue.enableNotifications());
                virtqueue.disableNotifications();
                for (int i = 0; i < 3 + left; i++) {
                    driver.offer(List.of(writable(BUFFERS, 1)));
                }
                for (int i = 0; i < 3; i++) {
                    assertTrue(pop(virtqueue));
                    virtqueue.push(chain, 1);
                }
                assertEquals(left > 0, virtqueue.leaveNotificationsOn(), left + " left");
                driver.offer(List.of(writable(BUFFERS, 1)));
                assertTrue(driver.isKickWanted(features == ALL), left + " left, features " + features);
            }
        }
    }

    /** "The device MUST set len prior to updating the used idx", and have written as many bytes: of any kind of ring. */
    @Test
    @Proves({"split-used-ring-01", "split-used-ring-02"})
    void whatIsSeenAsUsedIsWhole() throws Exception {
        int count = 200_000;
        // Its entries lie on many cache lines, so that a wrong order has a chance to be seen.
        DriverSide driver = driver(1024);
        Virtqueue virtqueue = virtqueue(ALL);
        // The device's side of the memory is this thread's.
        var taking = new FutureTask<>(() -> offerAndTake(driver, count), null);
        Thread.ofPlatform().daemon().start(taking);
        byte[] bytes = new byte[16];
        for (int i = 0; i < count && !taking.isDone(); i++) {
            for (int spins = 1; !pop(virtqueue) && !taking.isDone(); spins++) {
                giveWay(spins);
            }
            Arrays.fill(bytes, (byte) i);
            int length = usedLength(i);
            chain.write(Words.of(bytes), length);
            virtqueue.push(chain, length);
            virtqueue.publish();
        }
        taking.get(10, TimeUnit.SECONDS);
    }

    /** Looks as often as can be, for what there is to see lasts an instant; but there may be one processor. */
    private static void giveWay(int spins) {
        if (spins % 1000 == 0) {
            Thread.yield();
        }
    }

    /** Another one than the ring entry's before. */
    private static int usedLength(int buffer) {
        return 1 + buffer % 13;
    }

    private void offerAndTake(DriverSide driver, int count) {
        for (int i = 0; i < count; i++) {
            driver.offer(List.of(writable(BUFFERS, 16)));
            for (int spins = 1; !driver.hasUsed(); spins++) {
                giveWay(spins);
            }
            int length = usedLength(i);
            byte[] expected = new byte[length];
            Arrays.fill(expected, (byte) i);
            assertEquals(length, driver.takeUsed().length());
            assertArrayEquals(expected, memory.read(BUFFERS, length));
        }
    }
}
