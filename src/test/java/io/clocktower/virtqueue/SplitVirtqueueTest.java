package io.clocktower.virtqueue;

import static io.clocktower.frontend.SplitDriver.INDIRECT;
import static io.clocktower.frontend.SplitDriver.NEXT;
import static io.clocktower.frontend.SplitDriver.WRITE;
import static io.clocktower.frontend.SplitDriver.Piece.readable;
import static io.clocktower.frontend.SplitDriver.Piece.writable;
import static io.clocktower.virtqueue.GuestRegions.BUFFERS;
import static io.clocktower.virtqueue.GuestRegions.END;
import static io.clocktower.virtqueue.GuestRegions.SEAM;
import static io.clocktower.virtqueue.RingFormat.SPLIT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import io.clocktower.frontend.Words;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The split virtqueue. VIRTIO 1.4, "Split Virtqueues". */
class SplitVirtqueueTest extends VirtqueueContractTest {

    private static final int AVAIL_F_NO_INTERRUPT = 1;
    private static final int USED_F_NO_NOTIFY = 1;

    private SplitDriver split;

    @Override
    DriverSide driver(int size) {
        memory.rings().release(memory.rings().guestAddress());
        split = new SplitDriver(memory.rings(), size);
        SplitDriver driver = split;
        return new DriverSide() {

            private boolean isWanted = true;

            @Override
            public int offer(List<Piece> pieces) {
                return publish(driver.chain(pieces));
            }

            @Override
            public int offerIndirect(long tableAddress, List<Piece> pieces) {
                int head = driver.chain(List.of(readable(0, 0)));
                for (int i = 0; i < pieces.size(); i++) {
                    Piece piece = pieces.get(i);
                    boolean isLast = i == pieces.size() - 1;
                    writeEntry(tableAddress, i, piece.address(), piece.length(),
                            (piece.isWritable() ? WRITE : 0) | (isLast ? 0 : NEXT), i + 1);
                }
                driver.descriptor(head, tableAddress, 16 * pieces.size(), INDIRECT, 0);
                return publish(head);
            }

            private int publish(int head) {
                // With VIRTIO_F_EVENT_IDX, the index behind the next one is an event that does not come soon.
                driver.usedEvent(isWanted ? driver.usedIndex() : driver.usedIndex() - 2);
                driver.publish(head);
                return head;
            }

            @Override
            public boolean hasUsed() {
                return driver.hasUsed();
            }

            @Override
            public Used takeUsed() {
                return driver.takeUsed();
            }

            @Override
            public void wantNotifications(boolean isWanted) {
                this.isWanted = isWanted;
                driver.availableFlags(isWanted ? 0 : AVAIL_F_NO_INTERRUPT);
            }

            @Override
            public boolean isKickWanted(boolean hasEventIdx) {
                return hasEventIdx
                        ? driver.availEvent() == (driver.availIndex() - 1 & 0xffff)
                        : driver.usedFlags() == 0;
            }
        };
    }

    @Override
    SplitVirtqueue virtqueue(long features) throws Exception {
        return virtqueue(features, 0);
    }

    private SplitVirtqueue virtqueue(long features, int base) throws Exception {
        return new SplitVirtqueue(areas(features), memory.table(), features, base);
    }

    @Override
    void remap(Virtqueue virtqueue) throws Exception {
        virtqueue.remap(areas(ALL), memory.table());
    }

    private RingAreas areas(long features) throws Exception {
        int size = split.size();
        return new RingAreas(size, at(split.table(), SPLIT.descriptorAreaBytes(size)),
                at(split.available(), SPLIT.driverAreaBytes(size, features)),
                at(split.used(), SPLIT.deviceAreaBytes(size, features)));
    }

    private MemorySegment at(long guestAddress, long bytes) throws Exception {
        return memory.table().atUserAddress(memory.rings().userAddressOf(guestAddress), bytes).orElseThrow();
    }

    private void writeEntry(long table, int index, long address, int length, int flags, int next) {
        memory.write(table + 16L * index, ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(address)
                .putInt(length).putShort((short) flags).putShort((short) next).array());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 32768, 65279, 65280, 65534, 65535})
    void aRingGoesOnFromAnyBase(int base) throws Exception {
        driver(256);
        split.startAt(base);
        SplitVirtqueue virtqueue = virtqueue(ALL, base);
        for (int i = 0; i < 1000; i++) {
            assertEquals(base + i & 0xffff, virtqueue.base());
            split.publish(split.chain(List.of(writable(BUFFERS, 4))));
            assertTrue(pop(virtqueue));
            virtqueue.push(chain, 4);
            virtqueue.publish();
            assertEquals(base + i + 1 & 0xffff, split.usedIndex());
            split.takeUsed();
        }
    }

    @Test
    void theUsedIndexGoesOnFromTheRings() throws Exception {
        driver(16);
        split.startAt(500);
        split.publishIndex(507);
        SplitVirtqueue virtqueue = virtqueue(ALL, 507);
        split.publish(split.chain(List.of(writable(BUFFERS, 4))));
        assertTrue(pop(virtqueue));
        virtqueue.push(chain, 4);
        virtqueue.publish();
        assertEquals(501, split.usedIndex());
    }

    @Test
    @Proves("split-indirect-02")
    void directDescriptorsMayStandBeforeAnIndirectTable() throws Exception {
        // "The device MUST handle the case of zero or more normal chained descriptors followed by a single descriptor
        // with flags&VIRTQ_DESC_F_INDIRECT."
        for (int direct = 1; direct < 15; direct++) {
            driver(16);
            SplitVirtqueue virtqueue = virtqueue(ALL);
            for (int i = 0; i < direct; i++) {
                memory.write(BUFFERS + i, new byte[]{(byte) i});
                split.descriptor(i, BUFFERS + i, 1, NEXT, i + 1);
            }
            memory.write(BUFFERS + direct, new byte[]{(byte) direct});
            long table = BUFFERS + 4096;
            writeEntry(table, 0, BUFFERS + direct, 1, NEXT, 1);
            writeEntry(table, 1, BUFFERS + 100, 8, WRITE, 0);
            split.descriptor(direct, table, 32, INDIRECT, 0);
            split.publish(0);

            assertTrue(pop(virtqueue));
            byte[] expected = new byte[direct + 1];
            for (int i = 0; i <= direct; i++) {
                expected[i] = (byte) i;
            }
            assertArrayEquals(expected, readAll());
            assertEquals(8, chain.writableBytes());
        }
    }

    @Test
    @Proves("split-indirect-01")
    void theWriteFlagOfAnIndirectDescriptorIsIgnored() throws Exception {
        // "The device MUST ignore the write-only flag (flags&VIRTQ_DESC_F_WRITE) in the descriptor that refers to an
        // indirect table."
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        writeEntry(BUFFERS, 0, BUFFERS + 512, 8, 0, 0);
        split.descriptor(0, BUFFERS, 16, INDIRECT | WRITE, 0);
        split.publish(0);

        assertTrue(pop(virtqueue));
        assertEquals(8, chain.readableBytes());
        assertEquals(0, chain.writableBytes());
    }

    @Test
    void anIndirectTableMayStraddleRegions() throws Exception {
        for (int before = 1; before < 48; before++) {
            driver(16);
            SplitVirtqueue virtqueue = virtqueue(ALL);
            long table = SEAM - before;
            writeEntry(table, 0, BUFFERS, 1, NEXT, 2);
            writeEntry(table, 1, BUFFERS + 2, 8, WRITE, 0);
            writeEntry(table, 2, BUFFERS + 1, 1, NEXT, 1);
            memory.write(BUFFERS, new byte[]{7, 9});
            split.descriptor(0, table, 48, INDIRECT, 0);
            split.publish(0);

            assertTrue(pop(virtqueue));
            assertArrayEquals(new byte[]{7, 9}, readAll());
            assertEquals(8, chain.writableBytes());
        }
    }

    private void assertIndirectBroken(long table, int bytes, int flags) throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        split.descriptor(0, table, bytes, flags, 1);
        split.publish(0);
        assertBroken(virtqueue);
    }

    @Test
    void anImpossibleIndirectTableBreaksTheRing() throws Exception {
        writeEntry(BUFFERS, 0, BUFFERS + 512, 8, 0, 0);
        // "A driver MUST NOT set both VIRTQ_DESC_F_INDIRECT and VIRTQ_DESC_F_NEXT in flags."
        assertIndirectBroken(BUFFERS, 16, INDIRECT | NEXT);
        assertIndirectBroken(BUFFERS, 0, INDIRECT);
        for (int bytes : new int[]{1, 15, 17, 31, 0xffff_ffff}) {
            assertIndirectBroken(BUFFERS, bytes, INDIRECT);
        }
        assertIndirectBroken(END - 15, 16, INDIRECT);
        assertIndirectBroken(END, 16, INDIRECT);
        assertIndirectBroken(BUFFERS - 16, 16, INDIRECT);
        assertIndirectBroken(-16, 16, INDIRECT);
        assertIndirectBroken(-8, 0xffff_fff0, INDIRECT);
        // "The driver MUST NOT set the VIRTQ_DESC_F_INDIRECT flag within an indirect descriptor".
        writeEntry(BUFFERS, 0, BUFFERS + 512, 16, INDIRECT, 0);
        assertIndirectBroken(BUFFERS, 16, INDIRECT);
        writeEntry(BUFFERS, 0, BUFFERS, 16, INDIRECT | WRITE, 0);
        assertIndirectBroken(BUFFERS, 16, INDIRECT);
        // A next one outside the table, and loops.
        writeEntry(BUFFERS, 0, BUFFERS + 512, 8, NEXT, 1);
        assertIndirectBroken(BUFFERS, 16, INDIRECT);
        writeEntry(BUFFERS, 0, BUFFERS + 512, 8, NEXT, 65535);
        assertIndirectBroken(BUFFERS, 32, INDIRECT);
        writeEntry(BUFFERS, 0, BUFFERS + 512, 8, NEXT, 0);
        assertIndirectBroken(BUFFERS, 16, INDIRECT);
        writeEntry(BUFFERS, 0, BUFFERS + 512, 0, NEXT, 0);
        assertIndirectBroken(BUFFERS, 16, INDIRECT);
    }

    /** Even where the memory's last byte and its first adjoin, modulo 2^64. */
    @Test
    void anIndirectTableThatWrapsBreaksTheRing() throws Exception {
        memory.add(new GuestMemory(4096, -4096, 0x1_0000_0000L));
        memory.add(new GuestMemory(4096, 0, 0x2_0000_0000L));
        writeEntry(-16, 0, BUFFERS, 8, NEXT, 1);
        writeEntry(0, 0, BUFFERS, 8, 0, 0);
        assertIndirectBroken(-16, 32, INDIRECT);
        writeEntry(-8, 0, BUFFERS, 8, 0, 0);
        assertIndirectBroken(-8, 16, INDIRECT);
    }

    @Test
    void aLoopOfDescriptorsBreaksTheRing() throws Exception {
        for (int length : new int[]{0, 8}) {
            driver(16);
            SplitVirtqueue virtqueue = virtqueue(ALL);
            split.descriptor(0, BUFFERS, length, NEXT, 0);
            split.publish(0);
            assertBroken(virtqueue);

            driver(16);
            virtqueue = virtqueue(ALL);
            split.descriptor(0, BUFFERS, length, NEXT, 5);
            split.descriptor(5, BUFFERS, length, NEXT, 9);
            split.descriptor(9, BUFFERS, length, NEXT, 5);
            split.publish(0);
            assertBroken(virtqueue);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16, 32768})
    @Proves("split-framing-02")
    void aChainLongerThanTheRingBreaksTheRing(int size) throws Exception {
        driver(size);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < size; i++) {
            split.descriptor(i, BUFFERS, 1, NEXT, i + 1 & size - 1);
        }
        split.publish(0);
        assertBroken(virtqueue);

        split.descriptor(size - 1, BUFFERS, 1, 0, 0);
        assertTrue(pop(virtqueue), "a chain as long as the ring is none");
    }

    @Test
    void directDescriptorsAndAnIndirectTableTogetherMayNotBeLongerThanTheRing() throws Exception {
        driver(4);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 3; i++) {
            split.descriptor(i, BUFFERS, 1, NEXT, i + 1);
            writeEntry(BUFFERS + 512, i, BUFFERS, 1, i == 1 ? 0 : NEXT, i + 1);
        }
        split.descriptor(3, BUFFERS + 512, 48, INDIRECT, 0);
        split.publish(0);
        assertBroken(virtqueue);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 32768, 65535})
    void aDescriptorIndexOutsideTheTableBreaksTheRing(int index) throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        split.publish(index);
        assertBroken(virtqueue);

        driver(16);
        virtqueue = virtqueue(ALL);
        split.descriptor(0, BUFFERS, 8, NEXT, index);
        split.publish(0);
        assertBroken(virtqueue);
    }

    /** "A driver MUST NOT decrement the available idx", nor can it add more than the ring holds. */
    @Test
    void anAvailableIndexThatLeapsBreaksTheRing() throws Exception {
        for (int base : new int[]{0, 100, 65530}) {
            for (int leap : new int[]{17, 100, 32768, -1, -2, -16, -17}) {
                driver(16);
                split.startAt(base);
                SplitVirtqueue virtqueue = virtqueue(ALL, base);
                split.publishIndex(base + leap);
                assertBroken(virtqueue);
            }
        }
    }

    @Test
    void anAvailableIndexThatGoesBackAfterwardsBreaksTheRing() throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 4; i++) {
            split.publish(split.chain(List.of(readable(BUFFERS, 1))));
        }
        assertTrue(pop(virtqueue));
        split.publishIndex(2);
        for (int i = 0; i < 3; i++) {
            assertTrue(pop(virtqueue), "what was seen stays available");
        }
        assertBroken(virtqueue);
    }

    /** "A device MUST NOT write to any descriptor table entry." */
    @Test
    @Proves("split-table-03")
    void theDescriptorTableAndTheAvailableRingAreNeverWritten() throws Exception {
        var random = new Random(2);
        driver(64);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 1000; i++) {
            List<Piece> pieces = List.of(readable(BUFFERS, 1 + random.nextInt(64)),
                    writable(BUFFERS + 4096, 1 + random.nextInt(64)));
            split.publish(i % 2 == 0 ? split.chain(pieces) : indirectAt(BUFFERS + 8192, pieces));
            byte[] table = memory.rings().read(split.table(), 64 * 16);
            byte[] indirect = memory.read(BUFFERS + 8192, 32);
            byte[] available = memory.rings().read(split.available(), 6 + 64 * 2);

            assertTrue(pop(virtqueue));
            chain.write(Words.room(64), (int) chain.writableBytes());
            virtqueue.push(chain, (int) chain.writableBytes());
            virtqueue.publish();
            virtqueue.disableNotifications();
            assertFalse(virtqueue.enableNotifications());

            assertArrayEquals(table, memory.rings().read(split.table(), 64 * 16));
            assertArrayEquals(indirect, memory.read(BUFFERS + 8192, 32));
            assertArrayEquals(available, memory.rings().read(split.available(), 6 + 64 * 2));
        }
    }

    private int indirectAt(long table, List<Piece> pieces) {
        for (int i = 0; i < pieces.size(); i++) {
            boolean isLast = i == pieces.size() - 1;
            writeEntry(table, i, pieces.get(i).address(), pieces.get(i).length(),
                    (pieces.get(i).isWritable() ? WRITE : 0) | (isLast ? 0 : NEXT), i + 1);
        }
        int head = split.chain(List.of(readable(0, 0)));
        split.descriptor(head, table, 16 * pieces.size(), INDIRECT, 0);
        return head;
    }

    /** {@code vring_need_event} of the specification's "Virtqueue Interrupt Suppression" helpers. */
    private static boolean needsEvent(int event, int now, int before) {
        return (now - event - 1 & 0xffff) < (now - before & 0xffff);
    }

    @Test
    @Proves({"split-used-notification-05", "split-used-notification-06"})
    void usedEventIsReckonedAsTheSpecificationDoes() throws Exception {
        var random = new Random(3);
        for (int i = 0; i < 2000; i++) {
            int base = random.nextInt(65536);
            driver(64);
            split.startAt(base);
            SplitVirtqueue virtqueue = virtqueue(ALL, base);
            // The first is signalled in any case, so it is used up before.
            use(virtqueue, 1);
            split.usedEvent(base);
            assertTrue(virtqueue.publish());

            int before = base + 1;
            int count = 1 + random.nextInt(64);
            int event = random.nextBoolean() ? random.nextInt(65536) : before - 4 + random.nextInt(count + 8);
            use(virtqueue, count);
            split.usedEvent(event);
            assertEquals(needsEvent(event, before + count, before), virtqueue.publish(),
                    "used_event %d, used %d to %d".formatted(event & 0xffff, before, before + count));
        }
    }

    private void use(SplitVirtqueue virtqueue, int count) throws VirtqueueException {
        for (int i = 0; i < count; i++) {
            split.publish(split.chain(List.of(readable(BUFFERS, 1))));
        }
        for (int i = 0; i < count; i++) {
            assertTrue(pop(virtqueue));
            virtqueue.push(chain, 0);
        }
    }

    @Test
    @Proves("split-used-notification-06")
    void theFirstUseIsSignalledWhereverUsedEventStands() throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        split.usedEvent(5000);
        use(virtqueue, 1);
        assertTrue(virtqueue.publish());
        use(virtqueue, 1);
        assertFalse(virtqueue.publish());
    }

    /** "The device MUST ignore the lower bit of flags" with VIRTIO_F_EVENT_IDX, "the used_event value" without. */
    @Test
    @Proves({"split-used-notification-01", "split-used-notification-02", "split-used-notification-03",
            "split-used-notification-04"})
    void onlyWhatWasNegotiatedSuppressesNotifications() throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        split.availableFlags(AVAIL_F_NO_INTERRUPT);
        split.usedEvent(0);
        use(virtqueue, 1);
        assertTrue(virtqueue.publish());
        split.usedEvent(1);
        use(virtqueue, 1);
        assertTrue(virtqueue.publish());

        driver(16);
        virtqueue = virtqueue(PLAIN);
        split.usedEvent(5000);
        use(virtqueue, 1);
        assertTrue(virtqueue.publish());
        split.availableFlags(AVAIL_F_NO_INTERRUPT);
        use(virtqueue, 1);
        assertFalse(virtqueue.publish());
    }

    @Test
    @Proves({"split-available-notification-03", "split-available-notification-04"})
    void availEventIsPublishedAndTheFlagsStayZero() throws Exception {
        // "The device MUST set flags to 0" with VIRTIO_F_EVENT_IDX.
        driver(16);
        split.startAt(65530);
        SplitVirtqueue virtqueue = virtqueue(ALL, 65530);
        for (int i = 1; i <= 20; i++) {
            virtqueue.disableNotifications();
            assertEquals(0, split.usedFlags());
            use(virtqueue, 1);
            assertFalse(virtqueue.enableNotifications());
            assertEquals(0, split.usedFlags());
            assertEquals(65530 + i & 0xffff, split.availEvent());
        }
        split.publish(split.chain(List.of(readable(BUFFERS, 1))));
        assertTrue(virtqueue.enableNotifications(), "one came before the driver knew that it must notify");
    }

    @Test
    @Proves({"split-available-notification-01", "split-available-notification-02"})
    void theNoNotifyFlagSuppressesKicksWithoutEventIdx() throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(PLAIN);
        long behindTheRing = split.used() + 4 + 8 * 16;
        memory.rings().write(behindTheRing, new byte[]{0x55, 0x55});

        virtqueue.disableNotifications();
        assertEquals(USED_F_NO_NOTIFY, split.usedFlags());
        use(virtqueue, 3);
        split.publish(split.chain(List.of(readable(BUFFERS, 1))));
        assertTrue(virtqueue.enableNotifications());
        assertEquals(0, split.usedFlags());
        assertTrue(pop(virtqueue));
        assertFalse(virtqueue.enableNotifications());
        assertArrayEquals(new byte[]{0x55, 0x55}, memory.rings().read(behindTheRing, 2), "avail_event");
    }

    @Test
    void aRingGoesOnWhereItsMemoryIsMappedAnew() throws Exception {
        driver(16);
        SplitVirtqueue virtqueue = virtqueue(ALL);
        use(virtqueue, 10);
        use(virtqueue, 10);
        byte[] rings = memory.rings().read(split.table(), 4096);

        try (var other = new GuestRegions()) {
            other.rings().write(split.table(), rings);
            GuestRegions before = memory;
            memory = other;
            virtqueue.remap(areas(ALL), memory.table());
            before.close();

            // The driver of before writes where nobody looks any more.
            assertFalse(pop(virtqueue));
            assertEquals(20, virtqueue.base());
            memory = new GuestRegions();
        }
    }

    @Test
    void onlyPowersOfTwoUpTo32768AreSizes() {
        for (int size = -3; size < 70_000; size++) {
            assertEquals(List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
                    .contains(size), SPLIT.allowsSize(size));
        }
        assertFalse(SPLIT.allowsSize(Integer.MIN_VALUE));
        assertFalse(SPLIT.allowsSize(1 << 30));
    }
}
