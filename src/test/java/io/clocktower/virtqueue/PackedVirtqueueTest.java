package io.clocktower.virtqueue;

import static io.clocktower.frontend.PackedDriver.AVAIL;
import static io.clocktower.frontend.PackedDriver.EVENTS_AT_DESCRIPTOR;
import static io.clocktower.frontend.PackedDriver.EVENTS_DISABLED;
import static io.clocktower.frontend.PackedDriver.EVENTS_ENABLED;
import static io.clocktower.frontend.PackedDriver.INDIRECT;
import static io.clocktower.frontend.PackedDriver.NEXT;
import static io.clocktower.frontend.PackedDriver.USED;
import static io.clocktower.frontend.PackedDriver.WRITE;
import static io.clocktower.frontend.SplitDriver.Piece.readable;
import static io.clocktower.frontend.SplitDriver.Piece.writable;
import static io.clocktower.virtqueue.GuestRegions.BUFFERS;
import static io.clocktower.virtqueue.GuestRegions.END;
import static io.clocktower.virtqueue.RingFormat.PACKED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.PackedDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packed virtqueue. VIRTIO 1.4, "Packed Virtqueues". */
class PackedVirtqueueTest extends VirtqueueContractTest {

    private PackedDriver packed;

    @Override
    DriverSide driver(int size) {
        memory.rings().release(memory.rings().guestAddress());
        packed = new PackedDriver(memory.rings(), size, true);
        PackedDriver driver = packed;
        return new DriverSide() {

            @Override
            public int offer(List<Piece> pieces) {
                int id = driver.chain(pieces);
                driver.publish(id);
                return id;
            }

            @Override
            public int offerIndirect(long tableAddress, List<Piece> pieces) {
                ByteBuffer table = ByteBuffer.allocate(16 * pieces.size()).order(ByteOrder.LITTLE_ENDIAN);
                pieces.forEach(piece -> table.putLong(piece.address()).putInt(piece.length()).putShort((short) 0x7777)
                        .putShort((short) (piece.isWritable() ? WRITE : 0)));
                memory.write(tableAddress, table.array());
                int id = driver.indirect(tableAddress, pieces.size());
                driver.publish(id);
                return id;
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
                driver.driverEvent(0, false, isWanted ? EVENTS_ENABLED : EVENTS_DISABLED);
            }

            @Override
            public boolean isKickWanted(boolean hasEventIdx) {
                return driver.isKickWanted();
            }
        };
    }

    @Override
    PackedVirtqueue virtqueue(long features) throws Exception {
        return virtqueue(features, PACKED.initialBase());
    }

    private PackedVirtqueue virtqueue(long features, int base) throws Exception {
        return new PackedVirtqueue(areas(features), memory.table(), features, base);
    }

    @Override
    void remap(Virtqueue virtqueue) throws Exception {
        virtqueue.remap(areas(ALL), memory.table());
    }

    private RingAreas areas(long features) throws Exception {
        int size = packed.size();
        return new RingAreas(size, at(packed.descriptorArea(), PACKED.descriptorAreaBytes(size)),
                at(packed.driverArea(), PACKED.driverAreaBytes(size, features)),
                at(packed.deviceArea(), PACKED.deviceAreaBytes(size, features)));
    }

    private MemorySegment at(long guestAddress, long bytes) throws Exception {
        return memory.table().atUserAddress(memory.rings().userAddressOf(guestAddress), bytes).orElseThrow();
    }

    private Used use(Virtqueue virtqueue, int pieces) throws Exception {
        List<Piece> list = new ArrayList<>();
        for (int i = 0; i < pieces; i++) {
            list.add(writable(BUFFERS + 16 * i, 16));
        }
        int id = packed.chain(list);
        packed.publish(id);
        assertTrue(pop(virtqueue));
        virtqueue.push(chain, 7);
        Used used = packed.takeUsed();
        assertEquals(new Used(id, 7), used);
        return used;
    }

    /** "The Queue Size value does not have to be a power of 2." */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 100, 255, 1000, 32767, 32768})
    @Proves({"packed-order-01", "packed-order-02"})
    void aRingOfAnySizeGoesRoundManyTimes(int size) throws Exception {
        assertTrue(PACKED.allowsSize(size));
        driver(size);
        Virtqueue virtqueue = virtqueue(ALL);
        var random = new Random(size);
        for (int i = 0; i < Math.max(3 * size, 2000); i++) {
            use(virtqueue, 1 + random.nextInt(Math.min(size, 4)));
        }
        assertEquals(packed.base(), virtqueue.base());
    }

    @Test
    void noSizeIsBeyond32768() {
        assertFalse(PACKED.allowsSize(0));
        assertFalse(PACKED.allowsSize(-1));
        assertFalse(PACKED.allowsSize(32769));
    }

    @ParameterizedTest
    @CsvSource({"0,true", "0,false", "1,true", "9,false", "9,true"})
    void aRingGoesOnFromAnyBase(int index, boolean wrap) throws Exception {
        driver(10);
        packed.startAt(index, wrap);
        Virtqueue virtqueue = virtqueue(ALL, packed.base());
        assertFalse(pop(virtqueue));
        for (int i = 0; i < 100; i++) {
            assertEquals(packed.base(), virtqueue.base());
            use(virtqueue, 1 + i % 3);
        }
    }

    @Test
    void aBaseOutsideTheRingIsRefused() {
        driver(10);
        assertThrows(VirtqueueException.class, () -> virtqueue(ALL, 10));
        assertThrows(VirtqueueException.class, () -> virtqueue(ALL, 10 << 16));
        assertThrows(VirtqueueException.class, () -> virtqueue(ALL, -1));
    }

    @Test
    void aRingGoesOnWhereItsMemoryIsMappedAnew() throws Exception {
        driver(16);
        Virtqueue virtqueue = virtqueue(ALL);
        use(virtqueue, 3);
        byte[] rings = memory.rings().read(packed.descriptorArea(), 4096);
        int base = virtqueue.base();

        try (var other = new GuestRegions()) {
            other.rings().write(packed.descriptorArea(), rings);
            GuestRegions before = memory;
            memory = other;
            virtqueue.remap(areas(ALL), memory.table());
            before.close();
            assertFalse(pop(virtqueue));
            assertEquals(base, virtqueue.base());
            memory = new GuestRegions();
        }
    }

    /** "A device MUST NOT use a descriptor unless it observes the VIRTQ_DESC_F_AVAIL bit ... being changed". */
    @Test
    @Proves("packed-table-03")
    void onlyADescriptorOfThisLapIsAvailable() throws Exception {
        driver(4);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int flags : new int[]{0, USED, AVAIL | USED}) {
            packed.descriptor(0, BUFFERS, 16, 1, WRITE | flags);
            assertFalse(pop(virtqueue), "flags " + flags);
        }
        packed.descriptor(0, BUFFERS, 16, 1, WRITE | AVAIL);
        assertTrue(pop(virtqueue));
    }

    @Test
    @Proves("packed-table-03")
    void inTheNextLapTheBitsMeanTheOpposite() throws Exception {
        driver(2);
        Virtqueue virtqueue = virtqueue(ALL);
        use(virtqueue, 1);
        use(virtqueue, 1);
        for (int flags : new int[]{0, AVAIL, AVAIL | USED}) {
            packed.descriptor(0, BUFFERS, 16, 1, WRITE | flags);
            assertFalse(pop(virtqueue), "flags " + flags);
        }
        packed.descriptor(0, BUFFERS, 16, 1, WRITE | USED);
        assertTrue(pop(virtqueue));
    }

    /** The id is "included in the last descriptor in the list". */
    @Test
    void theIdIsTheLastDescriptorsOfTheList() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.descriptor(1, BUFFERS, 16, 5, WRITE | AVAIL | NEXT);
        packed.descriptor(2, BUFFERS + 16, 16, 0xfedc, WRITE | AVAIL);
        packed.descriptor(0, BUFFERS, 16, 4, AVAIL | NEXT);
        assertTrue(pop(virtqueue));
        virtqueue.push(chain, 3);
        ByteBuffer used = ByteBuffer.wrap(packed.descriptorBytes(0)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(3, used.getInt(8));
        assertEquals((short) 0xfedc, used.getShort(12));
        assertEquals((short) (AVAIL | USED | WRITE), used.getShort(14));
    }

    /** VIRTQ_DESC_F_WRITE in a used descriptor "is used to specify whether any data has been written by the device". */
    @Test
    void aBufferThatNothingWasWrittenToHasNoWriteFlag() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.publish(packed.chain(List.of(writable(BUFFERS, 16))));
        assertTrue(pop(virtqueue));
        virtqueue.push(chain, 0);
        assertEquals((short) (AVAIL | USED),
                ByteBuffer.wrap(packed.descriptorBytes(0)).order(ByteOrder.LITTLE_ENDIAN).getShort(14));
    }

    @Test
    void aListWhoseRestIsNotAvailableBreaksTheRing() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.descriptor(0, BUFFERS, 16, 0, AVAIL | NEXT);
        assertBroken(virtqueue);
    }

    @Test
    @Proves("packed-list-02")
    void aListWithoutEndBreaksTheRing() throws Exception {
        driver(4);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 4; i++) {
            packed.descriptor(i, BUFFERS, 16, 0, AVAIL | NEXT);
        }
        assertBroken(virtqueue);
    }

    /** "In descriptors with VIRTQ_DESC_F_INDIRECT set VIRTQ_DESC_F_WRITE is reserved and is ignored by the device." */
    @Test
    void theWriteFlagOfAnIndirectDescriptorIsIgnored() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        table(BUFFERS, 0, WRITE);
        packed.descriptor(0, BUFFERS, 32, 9, AVAIL | INDIRECT | WRITE);
        assertTrue(pop(virtqueue));
        assertEquals(16, chain.readableBytes());
        assertEquals(16, chain.writableBytes());
    }

    /** "The VIRTQ_DESC_F_WRITE flags bit is the only valid flag ... Others are reserved and are ignored by the device." */
    @Test
    void otherFlagsInAnIndirectTableAreIgnored() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        table(BUFFERS, INDIRECT | AVAIL, NEXT | WRITE | USED);
        packed.descriptor(0, BUFFERS, 32, 9, AVAIL | INDIRECT);
        assertTrue(pop(virtqueue));
        assertEquals(16, chain.readableBytes());
        assertEquals(16, chain.writableBytes());
    }

    private void table(long address, int... flags) {
        ByteBuffer table = ByteBuffer.allocate(16 * flags.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int flag : flags) {
            table.putLong(BUFFERS + 4096).putInt(16).putShort((short) 0).putShort((short) flag);
        }
        memory.write(address, table.array());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 17, 31})
    void anIndirectTableOfNoWholeDescriptorsBreaksTheRing(int bytes) throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.descriptor(0, BUFFERS, bytes, 9, AVAIL | INDIRECT);
        assertBroken(virtqueue);
    }

    @Test
    void anIndirectTableOutsideTheMemoryBreaksTheRing() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.descriptor(0, END - 16, 32, 9, AVAIL | INDIRECT);
        assertBroken(virtqueue);
    }

    /** "A driver MUST NOT write direct descriptors with VIRTQ_DESC_F_INDIRECT set in a scatter-gather list". */
    @Test
    void anIndirectDescriptorInAListBreaksTheRing() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        table(BUFFERS, 0);
        packed.descriptor(1, BUFFERS, 16, 9, AVAIL | INDIRECT);
        packed.descriptor(0, BUFFERS + 4096, 16, 9, AVAIL | NEXT);
        assertBroken(virtqueue);

        driver(8);
        Virtqueue other = virtqueue(ALL);
        packed.descriptor(1, BUFFERS, 16, 9, AVAIL | WRITE);
        packed.descriptor(0, BUFFERS, 16, 9, AVAIL | INDIRECT | NEXT);
        assertBroken(other);
    }

    /** The driver is notified exactly when the descriptor that it names is used, in the lap that it names. */
    @Test
    void aNotificationIsDueWhenTheDescriptorNamedIsUsed() throws Exception {
        int size = 7;
        var random = new Random(7);
        driver(size);
        Virtqueue virtqueue = virtqueue(ALL);
        int position = 0;
        for (int i = 0; i < 20_000; i++) {
            int event = random.nextInt(2 * size);
            packed.driverEvent((position + event) % size, (position + event) / size % 2 == 0, EVENTS_AT_DESCRIPTOR);
            int entries = 1 + random.nextInt(3);
            use(virtqueue, entries);
            assertEquals(event < entries, virtqueue.publish(), "event " + event + " of " + entries);
            position = (position + entries) % (2 * size);
        }
    }

    @Test
    void withoutEventIdxADescriptorCannotBeNamed() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(PLAIN);
        packed.driverEvent(5, false, EVENTS_AT_DESCRIPTOR);
        use(virtqueue, 1);
        assertTrue(virtqueue.publish());
    }

    @Test
    void theDeviceNamesTheDescriptorItWaitsFor() throws Exception {
        driver(3);
        Virtqueue virtqueue = virtqueue(ALL);
        for (int i = 0; i < 20; i++) {
            assertFalse(virtqueue.enableNotifications());
            assertEquals(EVENTS_AT_DESCRIPTOR, packed.deviceEventFlags());
            assertEquals(i % 3 | (i / 3 % 2 == 0 ? 0x8000 : 0), packed.deviceEventOffset());
            int id = packed.chain(List.of(writable(BUFFERS, 16)));
            packed.publish(id);
            assertTrue(packed.isKickWanted());
            virtqueue.disableNotifications();
            assertFalse(packed.isKickWanted());
            assertTrue(virtqueue.enableNotifications(), "it became available before");
            assertTrue(pop(virtqueue));
            virtqueue.push(chain, 1);
            packed.takeUsed();
        }
    }

    @Test
    void withoutEventIdxTheFlagsTurnNotificationsOnAndOff() throws Exception {
        driver(3);
        Virtqueue virtqueue = virtqueue(PLAIN);
        virtqueue.disableNotifications();
        assertEquals(EVENTS_DISABLED, packed.deviceEventFlags());
        virtqueue.enableNotifications();
        assertEquals(EVENTS_ENABLED, packed.deviceEventFlags());
    }

    /** "A device MUST NOT write to a device-readable buffer"; nor does it touch a descriptor that it does not use. */
    @Test
    void descriptorsBehindTheFirstOfAListStayAsTheyAre() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        packed.publish(packed.chain(List.of(readable(BUFFERS, 4), readable(BUFFERS + 4, 4), writable(BUFFERS + 8, 4))));
        byte[] second = packed.descriptorBytes(1);
        byte[] third = packed.descriptorBytes(2);
        assertTrue(pop(virtqueue));
        virtqueue.push(chain, 4);
        assertArrayEquals(second, packed.descriptorBytes(1));
        assertArrayEquals(third, packed.descriptorBytes(2));
    }

    /** "A device MUST NOT change a descriptor after changing it's the VIRTQ_DESC_F_USED bit in its flags." */
    @Test
    @Proves("packed-table-04")
    void aUsedDescriptorStaysAsItIs() throws Exception {
        driver(8);
        Virtqueue virtqueue = virtqueue(ALL);
        List<byte[]> used = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            use(virtqueue, 1);
            used.add(packed.descriptorBytes(i));
            virtqueue.publish();
            virtqueue.disableNotifications();
            assertFalse(virtqueue.enableNotifications());
            assertFalse(pop(virtqueue));
            for (int j = 0; j <= i; j++) {
                assertArrayEquals(used.get(j), packed.descriptorBytes(j), "descriptor " + j + " after " + i);
            }
        }
    }
}
