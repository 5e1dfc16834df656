package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.ALL_PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_MAX_MEM_SLOTS;
import static io.clocktower.frontend.FrontEnd.GET_PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_QUEUE_NUM;
import static io.clocktower.frontend.FrontEnd.GET_STATUS;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.NEED_REPLY;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.RESET_OWNER;
import static io.clocktower.frontend.FrontEnd.SET_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_MEM_TABLE;
import static io.clocktower.frontend.FrontEnd.SET_OWNER;
import static io.clocktower.frontend.FrontEnd.SET_PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_STATUS;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ADDR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_CALL;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ENABLE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ERR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_KICK;
import static io.clocktower.frontend.FrontEnd.SET_VRING_NUM;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.addresses;
import static io.clocktower.frontend.FrontEnd.message;
import static io.clocktower.frontend.FrontEnd.payload;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.FrontEnd.table;
import static io.clocktower.frontend.FrontEnd.u64;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a sound front-end may rely on. Sections are those of QEMU's "Vhost-user Protocol". */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProtocolIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final byte[] NONE = new byte[0];
    private static final long NO_DESCRIPTOR = 0x100;
    private static final long ALL_FEATURES = 1L << 32 | 1L << 30 | 1L << 29 | 1L << 28 | 1L << 26
            | Alarmq.F_ALARM | FrontEnd.RING_PACKED;
    private static final int DEVICE_NEEDS_RESET = 64;

    private Devices devices;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("vm0");
    }

    @AfterAll
    void stop() throws Exception {
        devices.close();
    }

    @AfterEach
    void awaitGone() throws Exception {
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
    }

    private FrontEnd connect() throws Exception {
        return new FrontEnd(devices.socket("vm0"));
    }

    private Guest guest() throws Exception {
        return new Guest(devices.socket("vm0"));
    }

    private static void assertAnswers(Guest guest) {
        assertEquals(0, guest.request(REQUEST, 16).status());
    }

    /** A round of the loop: whatever came before is done. */
    private DeviceStatus.Ring ring() throws Exception {
        return devices.status("vm0").frontEnd().orElseThrow().rings().getFirst();
    }

    /** Makes a request available to a ring that does not run, and then kicks. */
    private static void offer(Guest guest) {
        long buffer = guest.memory().guestAddress() + (2 << 20);
        guest.memory().write(buffer, REQUEST);
        guest.requestq().usedEvent(guest.requestq().usedIndex());
        guest.requestq().publish(
                guest.requestq().chain(List.of(Piece.readable(buffer, 16), Piece.writable(buffer + 16, 16))));
        guest.kick();
    }

    @Test
    void exactlyWhatIsHonouredIsOffered() throws Exception {
        try (var frontEnd = connect()) {
            assertEquals(ALL_FEATURES, frontEnd.askU64(GET_FEATURES));
            assertEquals(1 | 1 << 1 | 1 << 3 | 1 << 13 | 1 << 15 | 1 << 16 | 1 << 19,
                    frontEnd.askU64(GET_PROTOCOL_FEATURES));
            assertEquals(2, frontEnd.askU64(GET_QUEUE_NUM));
            assertEquals(509, frontEnd.askU64(GET_MAX_MEM_SLOTS));
        }
    }

    /** A driver that takes a feature all the same is refused, as with one that does not exist. */
    @Test
    void aFeatureThatIsWithheldIsNotOffered() throws Exception {
        try (var other = new Devices()) {
            DeviceSpec plain = other.spec("vm1", ClockSpec.DEFAULTS, Devices.POLL_WINDOW);
            other.create(new DeviceSpec("vm1", plain.socket(), plain.clocks(), plain.counter(), plain.pollWindow(),
                    new DeviceFeatures(false, false, true, false), plain.labels()));
            long offered = ALL_FEATURES & ~(FrontEnd.RING_PACKED | FrontEnd.INDIRECT_DESC | Alarmq.F_ALARM);
            try (var frontEnd = new FrontEnd(other.socket("vm1"))) {
                assertEquals(offered, frontEnd.askU64(GET_FEATURES));
                frontEnd.send(SET_PROTOCOL_FEATURES, VERSION, u64(1 << 3));
                assertEquals(0, frontEnd.acknowledged(SET_FEATURES, u64(offered)));
                assertEquals(1, frontEnd.acknowledged(SET_FEATURES, u64(offered | FrontEnd.RING_PACKED)));
            }
        }
    }

    /** "VHOST_USER_PROTOCOL_F_REPLY_ACK": one acknowledgement to each request that needs one, and none to others. */
    @Test
    void acknowledgementsComeWhereTheyWereNegotiatedAndAskedFor() throws Exception {
        try (var frontEnd = connect()) {
            frontEnd.send(SET_OWNER, VERSION | NEED_REPLY, NONE);
            assertEquals(ALL_FEATURES, frontEnd.askU64(GET_FEATURES), "not negotiated: no acknowledgement before");
            frontEnd.send(SET_PROTOCOL_FEATURES, VERSION, u64(1 << 3));
            frontEnd.send(SET_OWNER, VERSION, NONE);
            assertEquals(2, frontEnd.askU64(GET_QUEUE_NUM), "not asked for: none before");
            assertEquals(0, frontEnd.acknowledged(SET_OWNER, NONE));
            frontEnd.send(GET_FEATURES, VERSION | NEED_REPLY, NONE);
            frontEnd.reply(GET_FEATURES);
            assertEquals(2, frontEnd.askU64(GET_QUEUE_NUM), "one reply to a request that has a reply of its own");
        }
    }

    /** A user tries again and again: the tenth time is explained as the first was. */
    @Test
    void aVmmsMistakeIsExplainedEachTime() throws Exception {
        try (var log = new LogCounter(); var other = new Devices("vm1")) {
            for (int i = 0; i < 10; i++) {
                try (var frontEnd = new FrontEnd(other.socket("vm1"))) {
                    frontEnd.send(SET_PROTOCOL_FEATURES, VERSION, u64(ALL_PROTOCOL_FEATURES));
                    frontEnd.must(SET_VRING_NUM, state(0, 64));
                    assertEquals(1, frontEnd.acknowledged(SET_VRING_ADDR, addresses(0, 0x7f00_0000_0000L,
                            0x7f00_0000_1000L, 0x7f00_0000_2000L)));
                    assertEquals(1, frontEnd.acknowledged(SET_VRING_NUM, state(7, 64)));
                }
                other.await("vm1", status -> status.state() == DeviceState.WAITING);
            }
            log.await(10, line -> line.contains("vm1") && line.contains("is its memory shared (share=on)?"));
            log.await(10, line -> line.contains("vm1") && line.contains("another number of queues (num_vqs=2)?"));
        }
    }

    @Test
    void messagesMayDribble() throws Exception {
        try (var frontEnd = connect()) {
            for (int round = 0; round < 3; round++) {
                for (byte b : message(GET_FEATURES, VERSION, 0, NONE)) {
                    frontEnd.sendRaw(new byte[]{b});
                    devices.status("vm0");
                }
                frontEnd.reply(GET_FEATURES);
                for (byte b : message(SET_PROTOCOL_FEATURES, VERSION, 8, u64(ALL_PROTOCOL_FEATURES))) {
                    frontEnd.sendRaw(new byte[]{b});
                    devices.status("vm0");
                }
            }
            assertEquals(2, frontEnd.askU64(GET_QUEUE_NUM));
        }
    }

    @Test
    void messagesMayComeTogetherWithDescriptorsOfTheFirst() throws Exception {
        try (var guest = guest(); var call = Libc.eventFd()) {
            var bytes = new ByteArrayOutputStream();
            bytes.writeBytes(message(SET_VRING_CALL, VERSION | NEED_REPLY, 8, u64(0)));
            bytes.writeBytes(message(GET_QUEUE_NUM, VERSION, 0, NONE));
            bytes.writeBytes(message(SET_OWNER, VERSION | NEED_REPLY, 0, NONE));
            guest.frontEnd().sendRaw(bytes.toByteArray(), call);
            assertArrayEquals(u64(0), guest.frontEnd().reply(SET_VRING_CALL));
            assertArrayEquals(u64(2), guest.frontEnd().reply(GET_QUEUE_NUM));
            assertArrayEquals(u64(0), guest.frontEnd().reply(SET_OWNER));

            guest.frontEnd().sendRaw(message(GET_QUEUE_NUM, VERSION, 0, NONE));
            guest.frontEnd().sendRaw(message(SET_VRING_CALL, VERSION | NEED_REPLY, 8, u64(0)), guest.call());
            assertArrayEquals(u64(2), guest.frontEnd().reply(GET_QUEUE_NUM));
            assertArrayEquals(u64(0), guest.frontEnd().reply(SET_VRING_CALL));
            assertAnswers(guest);
        }
    }

    @Test
    void memoryIsAddedRegionByRegionAndTakenAwayAgain() throws Exception {
        try (var guest = guest(); var file = Libc.memfd(1 << 16); var stray = Libc.eventFd()) {
            for (int i = 1; i < 509; i++) {
                guest.frontEnd().must(ADD_MEM_REG, region(i), file);
            }
            assertEquals(509, devices.status("vm0").frontEnd().orElseThrow().memoryRegions());
            assertAnswers(guest);
            long open = OpenDescriptors.settled();
            for (int i = 508; i > 0; i--) {
                // "the front-end ... MAY send a file descriptor": older ones do, and it is closed.
                guest.frontEnd().must(REM_MEM_REG, region(i), i % 2 == 0 ? new Descriptor[0] : new Descriptor[]{stray});
            }
            ring();
            OpenDescriptors.await(open);
            assertEquals(1, devices.status("vm0").frontEnd().orElseThrow().memoryRegions());
            assertAnswers(guest);
        }
    }

    private static byte[] region(int slot) {
        return payload(40).putLong(0).putLong((1L << 40) + slot * 4096L).putLong(4096)
                .putLong((1L << 41) + slot * 4096L).putLong(0).array();
    }

    @Test
    void aRingRestsWhileItsMemoryIsAway() throws Exception {
        try (var guest = guest()) {
            assertAnswers(guest);
            guest.frontEnd().must(REM_MEM_REG, FrontEnd.region(guest.memory()));
            offer(guest);
            ring();
            assertFalse(guest.requestq().hasUsed());
            assertFalse(ring().broken());
            guest.frontEnd().must(ADD_MEM_REG, FrontEnd.region(guest.memory()), guest.memory().file());
            guest.awaitUsed();
            assertAnswers(guest);
        }
    }

    /** "Ring states": memory may be set anew while rings run, at other addresses of the front-end's. */
    @Test
    void aRunningRingGoesOnInMemoryThatMoved() throws Exception {
        try (var guest = guest()) {
            GuestMemory memory = guest.memory();
            SplitDriver driver = guest.requestq();
            for (int i = 1; i <= 20; i++) {
                assertAnswers(guest);
                long by = (i % 5) * 0x1_0000_0000L;
                byte[] table = payload(40).putInt(1).putInt(0).putLong(memory.guestAddress())
                        .putLong(memory.sizeBytes()).putLong(memory.userAddress() + by).putLong(0).array();
                guest.frontEnd().must(SET_MEM_TABLE, table, memory.file());
                guest.frontEnd().must(SET_VRING_ADDR,
                        addresses(0, memory.userAddressOf(driver.table()) + by,
                                memory.userAddressOf(driver.used()) + by,
                                memory.userAddressOf(driver.available()) + by));
            }
            assertAnswers(guest);
            guest.frontEnd().setMemory(List.of(memory));
            guest.frontEnd().must(SET_VRING_ADDR, addresses(0, memory.userAddressOf(driver.table()),
                    memory.userAddressOf(driver.used()), memory.userAddressOf(driver.available())));
            guest.frontEnd().setMemory(List.of(memory));
            assertAnswers(guest);
        }
    }

    @Test
    void getVringBaseStopsARingAndItGoesOnFromThere() throws Exception {
        try (var guest = guest()) {
            for (int i = 0; i < 300; i++) {
                assertAnswers(guest);
            }
            for (int round = 0; round < 3; round++) {
                int base = guest.requestq().availIndex();
                assertArrayEquals(state(0, base), guest.frontEnd().ask(GET_VRING_BASE, state(0, 0)));
                assertFalse(ring().started());
                assertArrayEquals(state(0, base), guest.frontEnd().ask(GET_VRING_BASE, state(0, 77)));
                offer(guest);
                ring();
                assertFalse(guest.requestq().hasUsed(), "stopped");
                guest.frontEnd().setRing(0, guest.memory(), guest.requestq(), base, guest.kickFile(), guest.call(),
                        guest.err());
                guest.awaitUsed();
                assertAnswers(guest);
            }
            assertArrayEquals(state(1, 0), guest.frontEnd().ask(GET_VRING_BASE, state(1, 0)));
        }
    }

    @Test
    void aDisabledRingWaits() throws Exception {
        try (var guest = guest()) {
            assertAnswers(guest);
            guest.frontEnd().must(SET_VRING_ENABLE, state(0, 0));
            assertEquals(DeviceState.CONNECTED, devices.status("vm0").state());
            offer(guest);
            ring();
            assertFalse(guest.requestq().hasUsed());
            guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            guest.awaitUsed();
            assertEquals(DeviceState.RUNNING, devices.status("vm0").state());
            guest.frontEnd().must(RESET_OWNER, NONE);
            offer(guest);
            ring();
            assertFalse(guest.requestq().hasUsed(), "RESET_OWNER disables all rings");
        }
    }

    @Test
    void aKickBeforeTheRingIsEnabledIsNotLost() throws Exception {
        try (var guest = guest()) {
            guest.frontEnd().must(RESET_DEVICE, NONE);
            guest.frontEnd().must(SET_FEATURES, u64(ALL_FEATURES & ~FrontEnd.RING_PACKED));
            GuestMemory memory = guest.memory();
            SplitDriver driver = guest.requestq();
            guest.frontEnd().must(SET_VRING_NUM, state(0, driver.size()));
            guest.frontEnd().must(SET_VRING_BASE, state(0, 0));
            guest.frontEnd().must(SET_VRING_ADDR, addresses(0, memory.userAddressOf(driver.table()),
                    memory.userAddressOf(driver.used()), memory.userAddressOf(driver.available())));
            Libc.readCount(guest.kickFile());
            guest.frontEnd().must(SET_VRING_KICK, u64(0), guest.kickFile());
            offer(guest);
            ring();
            assertFalse(driver.hasUsed());
            guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            devices.await("vm0", _ -> driver.hasUsed());
        }
    }

    /** "If VHOST_USER_F_PROTOCOL_FEATURES has not been negotiated, the ring starts directly in the enabled state." */
    @Test
    void withoutProtocolFeaturesARingIsEnabledFromTheStart() throws Exception {
        try (var frontEnd = connect();
                var memory = new GuestMemory(1 << 20, 0x4000_0000L, 0x7f00_0000_0000L);
                var kick = Libc.eventFd();
                var call = Libc.eventFd()) {
            var driver = new SplitDriver(memory, 16);
            frontEnd.send(SET_OWNER, VERSION, NONE);
            frontEnd.send(SET_FEATURES, VERSION, u64(Guest.FEATURES));
            frontEnd.send(SET_MEM_TABLE, VERSION, table(List.of(memory)), memory.file());
            frontEnd.send(SET_VRING_NUM, VERSION, state(0, 16));
            frontEnd.send(SET_VRING_BASE, VERSION, state(0, 0));
            frontEnd.send(SET_VRING_ADDR, VERSION, addresses(0, memory.userAddressOf(driver.table()),
                    memory.userAddressOf(driver.used()), memory.userAddressOf(driver.available())));
            frontEnd.send(SET_VRING_KICK, VERSION, u64(0), kick);
            frontEnd.send(SET_VRING_CALL, VERSION, u64(0), call);
            frontEnd.askU64(GET_FEATURES);
            long buffer = memory.allocate(32, 16);
            memory.write(buffer, REQUEST);
            driver.publish(driver.chain(List.of(Piece.readable(buffer, 16), Piece.writable(buffer + 16, 16))));
            Libc.addCount(kick, 1);
            assertTrue(Libc.awaitReadable(call, 10_000));
            assertEquals(16, driver.takeUsed().length());
        }
    }

    @Test
    void theCallEventFdIsReplacedAndTakenAwayWhileTheRingRuns() throws Exception {
        try (var guest = guest(); var other = Libc.eventFd()) {
            assertAnswers(guest);
            guest.frontEnd().must(SET_VRING_CALL, u64(0), other);
            offer(guest);
            assertTrue(Libc.awaitReadable(other, 10_000));
            Libc.readCount(other);
            assertEquals(16, guest.requestq().takeUsed().length());

            // Bit 8: "no file descriptor is passed", and the driver polls.
            guest.frontEnd().must(SET_VRING_CALL, u64(NO_DESCRIPTOR));
            guest.frontEnd().must(SET_VRING_ERR, u64(NO_DESCRIPTOR));
            offer(guest);
            devices.await("vm0", _ -> guest.requestq().hasUsed());
            guest.requestq().takeUsed();
            ring();
            assertFalse(Libc.awaitReadable(other, 0));

            guest.frontEnd().must(SET_VRING_CALL, u64(0), guest.call());
            assertAnswers(guest);
        }
    }

    @Test
    void theDeviceStatusIsKeptAndZeroResets() throws Exception {
        try (var guest = guest()) {
            assertEquals(0xf, guest.frontEnd().askU64(GET_STATUS));
            guest.frontEnd().must(SET_STATUS, u64(0xb));
            assertEquals(0xb, guest.frontEnd().askU64(GET_STATUS));
            guest.requestq().publish(9999);
            guest.kick();
            guest.awaitBroken();
            assertEquals(0xb | DEVICE_NEEDS_RESET, guest.frontEnd().askU64(GET_STATUS));
            guest.frontEnd().must(SET_STATUS, u64(0));
            assertEquals(0, guest.frontEnd().askU64(GET_STATUS));
            assertReset();
        }
    }

    /** "Otherwise, it MUST fail to set the FEATURES_OK device status bit when the driver writes it." */
    @Test
    @Proves("feature-03")
    void featuresOkIsNotSetForFeaturesThatWereRefused() throws Exception {
        try (var frontEnd = connect()) {
            frontEnd.negotiate(Guest.FEATURES);
            assertEquals(1, frontEnd.acknowledged(SET_FEATURES, u64(ALL_FEATURES | 1L << 60)));
            frontEnd.must(SET_STATUS, u64(0xb));
            assertEquals(3, frontEnd.askU64(GET_STATUS));
            frontEnd.must(SET_FEATURES, u64(ALL_FEATURES));
            frontEnd.must(SET_STATUS, u64(0xb));
            assertEquals(0xb, frontEnd.askU64(GET_STATUS));
            assertEquals(1, frontEnd.acknowledged(SET_FEATURES, u64(1L << 60)));
            frontEnd.must(SET_STATUS, u64(0));
            frontEnd.must(SET_STATUS, u64(0xb));
            assertEquals(0xb, frontEnd.askU64(GET_STATUS), "a reset begins the negotiation again");
        }
    }

    @Test
    void resetDeviceForgetsRingsAndFeaturesAndKeepsTheMemory() throws Exception {
        try (var guest = guest()) {
            for (int i = 0; i < 5; i++) {
                assertAnswers(guest);
                guest.frontEnd().must(RESET_DEVICE, NONE);
                assertReset();
                assertEquals(0, guest.frontEnd().askU64(GET_STATUS));
                guest.frontEnd().must(SET_FEATURES, u64(ALL_FEATURES & ~FrontEnd.RING_PACKED));
                guest.requestq().forgetDescriptors();
                guest.requestq().startAt(0);
                guest.frontEnd().setRing(0, guest.memory(), guest.requestq(), 0, guest.kickFile(), guest.call(),
                        guest.err());
            }
            assertAnswers(guest);
        }
    }

    private void assertReset() throws Exception {
        var frontEnd = devices.status("vm0").frontEnd().orElseThrow();
        assertEquals(0, frontEnd.features());
        assertEquals(1, frontEnd.memoryRegions());
        for (DeviceStatus.Ring ring : frontEnd.rings()) {
            assertEquals(0, ring.size());
            assertEquals(0, ring.base());
            assertFalse(ring.started());
            assertFalse(ring.broken());
        }
    }

    @Test
    void aRingGoesOnFromABaseNearTheIndexsWrap() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES, 64, 65500)) {
            for (int i = 0; i < 200; i++) {
                assertAnswers(guest);
            }
            assertArrayEquals(state(0, 65500 + 200 & 0xffff), guest.frontEnd().ask(GET_VRING_BASE, state(0, 0)));
        }
    }

    @Test
    void everySizeOfRingIsServed() throws Exception {
        for (int size = 2; size <= 32768; size *= 2) {
            try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES, size, 0)) {
                for (int i = 0; i < 10; i++) {
                    assertAnswers(guest);
                }
            }
        }
    }
}
