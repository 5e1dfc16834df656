package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.GET_QUEUE_NUM;
import static io.clocktower.frontend.FrontEnd.GET_STATUS;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.FrontEnd.message;
import static io.clocktower.frontend.FrontEnd.region;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.Smearing;
import io.clocktower.fault.FaultRequest;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.memory.MemoryLimits;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.HostLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Devices that another host of devices takes over: nothing is lost, nothing comes twice, no front-end notices. */
class TransfersIT {

    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final long SECOND = 1_000_000_000L;
    private static final int ENABLED = 1;
    private static final List<ClockSpec> CLOCKS = List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true));

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
        devices.create("vm0", CLOCKS, Devices.POLL_WINDOW);
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    static LongStream features() {
        return LongStream.of(VERSION_1 | INDIRECT_DESC, VERSION_1 | EVENT_IDX, VERSION_1 | RING_PACKED,
                VERSION_1 | RING_PACKED | EVENT_IDX | INDIRECT_DESC);
    }

    /** Has other devices take over, with something done in between. */
    private void transfer(Step inBetween) throws Exception {
        DeviceTransfer from = devices.host().transfer();
        List<DeviceSnapshot> snapshots = from.pause().stream().map(DeviceSnapshot::duplicate).toList();
        inBetween.run();
        Devices successor = devices.successor(HostLimits.ofKernel(false));
        DeviceTransfer to = successor.host().transfer();
        to.resume(snapshots);
        from.abandon();
        to.proceed();
        devices.host().close();
        devices = successor;
    }

    private interface Step {
        void run() throws Exception;
    }

    private void transfer() throws Exception {
        transfer(() -> {});
    }

    /** An odd number of requests between any two, so that rings of eight are at every place and in either lap. */
    @ParameterizedTest
    @MethodSource("features")
    void aGuestReadsOnOverManyTransfers(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 8, 0)) {
            long reads = 0;
            long descriptors = OpenDescriptors.settled();
            for (int i = 0; i < 24; i++) {
                for (int k = 0; k < i % 5 * 2 + 1; k++) {
                    assertEquals(OK, guest.request(REQUEST, 16).status());
                    reads++;
                }
                transfer();
            }
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(reads + 1, devices.status("vm0").clocks().getFirst().reads());
            assertFalse(guest.ring().hasUsed());
            assertEquals(1, devices.status("vm0").connectionsAccepted());
            OpenDescriptors.await(descriptors);
        }
    }

    @ParameterizedTest
    @MethodSource("features")
    void whatIsMadeAvailableDuringTheTransferIsAnsweredOnce(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 64, 0)) {
            for (int round = 0; round < 5; round++) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                guest.keepAllocated();
                List<Guest.Offer> offers = new ArrayList<>();
                transfer(() -> {
                    offers.add(guest.offer(REQUEST, new byte[16]));
                    assertTrue(guest.ring().isKickWanted(), "the driver may sleep without a kick");
                    for (int i = 1; i < 9; i++) {
                        offers.add(guest.offer(REQUEST, new byte[16]));
                    }
                    guest.ring().wantNextUsed();
                    guest.kick();
                });
                for (Guest.Offer offer : offers) {
                    assertEquals(offer.id(), guest.awaitUsed().id());
                    assertEquals(devices.clock().realtimeNs(),
                            ByteBuffer.wrap(guest.memory().read(offer.response() + 8, 8))
                                    .order(ByteOrder.LITTLE_ENDIAN).getLong());
                }
                assertEquals(10L * (round + 1), devices.await("vm0",
                        status -> status.clocks().getFirst().reads() % 10 == 0).clocks().getFirst().reads());
                assertFalse(guest.ring().hasUsed());
            }
        }
    }

    /** Without a successor all goes on as well. */
    @ParameterizedTest
    @MethodSource("features")
    void aTransferThatIsGivenUpLosesNothing(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 64, 0)) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            guest.keepAllocated();
            DeviceTransfer transfer = devices.host().transfer();
            assertEquals(1, transfer.pause().size());
            Guest.Offer offer = guest.offer(REQUEST, new byte[16]);
            guest.kick();
            DeviceException rejected = assertThrows(DeviceException.class, () -> devices.status("vm0"));
            assertEquals(DeviceException.Reason.NO_ANSWER, rejected.reason());
            assertFalse(guest.ring().hasUsed());

            transfer.proceed();

            assertEquals(offer.id(), guest.awaitUsed().id());
            assertEquals(2, devices.status("vm0").clocks().getFirst().reads());
        }
    }

    @Test
    void anAlarmThatIsDueDuringTheTransferComesOnce() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            for (int i = 0; i < 4; i++) {
                alarmq.makeAvailable();
            }
            long due = devices.clock().realtimeNs() + 10 * SECOND;
            assertEquals(OK, guest.request(setAlarm(0, due, ENABLED), 8).status());
            transfer();
            devices.clock().advance(5 * SECOND);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertFalse(alarmq.hasNotification());

            transfer(() -> devices.clock().advance(5 * SECOND));

            assertEquals(0, alarmq.awaitNotification());
            transfer();
            devices.clock().advance(SECOND);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertFalse(alarmq.hasNotification());
            DeviceStatus.Alarm alarm = devices.status("vm0").clocks().getFirst().alarm().orElseThrow();
            assertEquals(1, alarm.expirations());
            assertEquals(1, alarm.notifications());
        }
    }

    /** The expiration waits for a buffer, over the transfer. */
    @Test
    void anAlarmThatWaitsForABufferIsDeliveredOnce() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            assertEquals(OK,
                    guest.request(setAlarm(0, devices.clock().realtimeNs() + SECOND, ENABLED), 8).status());
            devices.clock().advance(SECOND);
            devices.await("vm0", status -> status.clocks().getFirst().alarm().orElseThrow().isWaiting());

            transfer(alarmq::makeAvailable);

            assertEquals(0, alarmq.awaitNotification());
            alarmq.makeAvailable();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertFalse(alarmq.hasNotification());
        }
    }

    @Test
    void faultsVersionsAndCountsStay() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.empty(),
                    new FaultRequest(Optional.empty(), new Effect.Step(-300 * SECOND), Optional.empty(),
                            Optional.of(Duration.ofMinutes(1)), "tester", "a test"));
            devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.of("mono"),
                    new FaultRequest(Optional.of(1), new Effect.Step(30 * SECOND), Optional.empty(),
                            Optional.of(Duration.ofSeconds(1)), "tester", "a test"));
            assertEquals(OK, guest.request(REQUEST, 16).status());
            long monotonic = guest.request(ofClock(READ, 1), 16).le64(8);
            DeviceStatus before = devices.status("vm0");

            transfer();

            assertEquals(before, devices.status("vm0"));
            devices.clock().advance(2 * SECOND);
            DeviceStatus after = devices.await("vm0", status -> status.faults().size() == 1);
            assertEquals(before.version().next(), after.version());
            assertTrue(guest.request(ofClock(READ, 1), 16).le64(8) >= monotonic);
            assertEquals(devices.clock().realtimeNs() - 300 * SECOND, guest.request(REQUEST, 16).le64(8));
            assertEquals(2, devices.status("vm0").clocks().getFirst().readsSinceFault().orElseThrow());
        }
    }

    /** A ring that is broken stays so, says how far it came, and can be set up again. */
    @Test
    void aBrokenRingStaysBrokenUntilItIsSetUpAgain() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            for (int i = 0; i < 3; i++) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
            guest.ring().publish(guest.ring().chain(List.of(Piece.readable(0x10, 16))));
            guest.kick();
            guest.awaitBroken();

            transfer();

            assertTrue(devices.status("vm0").frontEnd().orElseThrow().rings().getFirst().broken());
            assertEquals(0x4f, guest.frontEnd().askU64(GET_STATUS));
            assertEquals(3, base(guest));
        }
    }

    /** A ring that is stopped keeps its base, and a kick for what is left. */
    @ParameterizedTest
    @MethodSource("features")
    void aRingThatIsStoppedIsSetUpAfterTheTransfer(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 16, 0)) {
            for (int i = 0; i < 11; i++) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
            int base = base(guest);
            transfer();
            guest.frontEnd().setRing(0, guest.memory(), guest.ring(), base, guest.kickFile(), guest.call(),
                    guest.err());
            assertEquals(OK, guest.request(REQUEST, 16).status());
            transfer();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            base(guest);
            assertEquals(13, devices.status("vm0").clocks().getFirst().reads());
        }
    }

    private static int base(Guest guest) throws Exception {
        return ByteBuffer.wrap(guest.frontEnd().ask(GET_VRING_BASE, FrontEnd.state(0, 0)))
                .order(ByteOrder.nativeOrder()).getInt(4);
    }

    @ParameterizedTest
    @MethodSource("features")
    void aRingWhoseMemoryIsAwayGoesOnWhenItIsBack(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 16, 0)) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            guest.keepAllocated();
            GuestMemory memory = guest.memory();
            guest.frontEnd().must(REM_MEM_REG, region(memory));
            transfer();
            Guest.Offer offer = guest.offer(REQUEST, new byte[16]);
            guest.kick();
            guest.frontEnd().must(ADD_MEM_REG, region(memory), memory.file());
            assertEquals(offer.id(), guest.awaitUsed().id());
        }
    }

    @Test
    void aMessageThatIsCutByTheTransferIsWhole() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"));
                var more = new GuestMemory(1 << 20, 0x1_0000_0000L, 0x7e00_0000_0000L)) {
            byte[] ask = message(GET_QUEUE_NUM, VERSION, 0, new byte[0]);
            guest.frontEnd().sendRaw(Arrays.copyOf(ask, 5));
            devices.status("vm0");
            transfer();
            guest.frontEnd().sendRaw(Arrays.copyOfRange(ask, 5, ask.length));
            guest.frontEnd().reply(GET_QUEUE_NUM);

            byte[] add = message(ADD_MEM_REG, VERSION | FrontEnd.NEED_REPLY, 40, region(more));
            guest.frontEnd().sendRaw(Arrays.copyOf(add, 20), more.file());
            devices.status("vm0");
            transfer();
            guest.frontEnd().sendRaw(Arrays.copyOfRange(add, 20, add.length));
            guest.frontEnd().reply(ADD_MEM_REG);
            assertEquals(2, devices.status("vm0").frontEnd().orElseThrow().memoryRegions());
            transfer();
            assertEquals(2, devices.status("vm0").frontEnd().orElseThrow().memoryRegions());
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    @Test
    void aFrontEndThatConnectsDuringTheTransferIsServedAfterIt() throws Exception {
        var waiting = new FrontEnd[1];
        transfer(() -> waiting[0] = new FrontEnd(devices.socket("vm0")));
        try (FrontEnd frontEnd = waiting[0]) {
            assertEquals(2, frontEnd.askU64(GET_QUEUE_NUM));
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    /** The successor has fewer descriptors than it needs. What it took it gives back, and the devices go on here. */
    @Test
    void aSuccessorThatCannotTakeADeviceLeavesAllAsItWas() throws Exception {
        devices.create("vm1", CLOCKS, Devices.POLL_WINDOW);
        try (var guest = new Guest(devices.socket("vm0")); var other = new Guest(devices.socket("vm1"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(OK, other.request(REQUEST, 16).status());
            Devices successor = devices
                    .successor(new HostLimits(new MemoryLimits(65_530, 1L << 47, false), 24));
            long descriptors = OpenDescriptors.settled();
            DeviceTransfer from = devices.host().transfer();
            List<DeviceSnapshot> snapshots = from.pause().stream().map(DeviceSnapshot::duplicate).toList();

            assertThrows(DeviceException.class, () -> successor.host().transfer().resume(snapshots));
            from.proceed();

            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(OK, other.request(REQUEST, 16).status());
            OpenDescriptors.await(descriptors);
            assertTrue(successor.host().specs().isEmpty());
            successor.host().close();
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    /** Has a successor serve for a while, and die. */
    private void serveElsewhere(Step inBetween) throws Exception {
        DeviceTransfer from = devices.host().transfer();
        List<DeviceSnapshot> snapshots = from.pause().stream().map(DeviceSnapshot::duplicate).toList();
        Devices successor = devices.successor(HostLimits.ofKernel(false));
        DeviceTransfer to = successor.host().transfer();
        to.resume(snapshots);
        to.proceed();
        to.await();
        inBetween.run();
        DeviceTransfer dying = successor.host().transfer();
        dying.pause();
        dying.abandon();
        successor.host().close();
        from.proceed();
        from.await();
    }

    /** More requests than the ring has entries, and none. */
    @ParameterizedTest
    @MethodSource("features")
    void aServiceGoesOnWhereItsSuccessorDied(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 8, 0)) {
            for (int reads : new int[]{0, 1, 5, 21}) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                serveElsewhere(() -> {
                    for (int i = 0; i < reads; i++) {
                        assertEquals(OK, guest.request(REQUEST, 16).status());
                    }
                });
                assertEquals(OK, guest.request(REQUEST, 16).status());
                assertFalse(guest.ring().hasUsed());
            }
        }
    }

    /** A migration whose transfer of the device's state a hand-over interrupts fails, and can be tried again. */
    @Test
    void aTransferOfTheStateEndsWithTheServiceThatBeganIt() throws Exception {
        try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            frontEnd.negotiate(VERSION_1);
            byte[] state = frontEnd.save();
            FrontEnd.Transfer transfer = frontEnd.transfer(FrontEnd.LOAD);
            transfer();
            assertThrows(IOException.class, () -> transfer.write(state));
            assertEquals(1, frontEnd.askU64(FrontEnd.CHECK_DEVICE_STATE));
            assertEquals(0, frontEnd.load(state));
        }
    }
}
