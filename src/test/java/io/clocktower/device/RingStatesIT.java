package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.GET_QUEUE_NUM;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.SET_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ADDR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_CALL;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ENABLE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_KICK;
import static io.clocktower.frontend.FrontEnd.SET_VRING_NUM;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.FrontEnd.addresses;
import static io.clocktower.frontend.FrontEnd.region;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.FrontEnd.u64;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How rings start, stop, rest and go on, so that no driver waits for ever. "Ring states". */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RingStatesIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final byte[] NONE = new byte[0];
    private static final long NO_DESCRIPTOR = 0x100;
    /** More than the device uses in the turns before a message is handled. */
    private static final int OUTSTANDING = 2048;

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

    static LongStream features() {
        return LongStream.of(VERSION_1, VERSION_1 | EVENT_IDX, VERSION_1 | RING_PACKED,
                VERSION_1 | RING_PACKED | EVENT_IDX);
    }

    private Guest guest(long features, int size) throws Exception {
        return new Guest(devices.socket("vm0"), features, size, 0);
    }

    /** The ring after the loop has handled all kicks and messages of before. */
    private DeviceStatus.Ring ring(Guest guest) throws Exception {
        // Events come in their order, and a question to the loop may overtake them.
        guest.frontEnd().askU64(GET_QUEUE_NUM);
        return ring();
    }

    private DeviceStatus.Ring ring() throws Exception {
        return devices.status("vm0").frontEnd().orElseThrow().rings().getFirst();
    }

    private void awaitStarted() throws Exception {
        devices.await("vm0", status -> status.frontEnd().orElseThrow().rings().getFirst().started());
    }

    private static long buffer(Guest guest) {
        return guest.memory().guestAddress() + (2 << 20);
    }

    /** Makes a request available. */
    private static void publish(Guest guest) {
        guest.memory().write(buffer(guest), REQUEST);
        guest.ring().publish(guest.ring()
                .chain(List.of(Piece.readable(buffer(guest), 16), Piece.writable(buffer(guest) + 16, 16))));
    }

    /** The same, and kicks if the device wants that. */
    private static void offer(Guest guest) {
        publish(guest);
        if (guest.ring().isKickWanted()) {
            guest.kick();
        }
    }

    /** The device uses a buffer by itself, without a kick. */
    private void awaitUsed(Guest guest) throws Exception {
        devices.await("vm0", _ -> guest.ring().hasUsed());
        guest.ring().takeUsed();
    }

    private static void setUp(Guest guest, int base) throws Exception {
        guest.frontEnd().setRing(0, guest.memory(), guest.ring(), base, guest.kickFile(), guest.call(), guest.err());
    }

    private static int askBase(Guest guest) throws Exception {
        return ByteBuffer.wrap(guest.frontEnd().ask(GET_VRING_BASE, state(0, 0))).order(ByteOrder.nativeOrder())
                .getInt(4);
    }

    /** What ends or interrupts a ring's run. */
    private enum End {
        STOP(true) {
            @Override
            void send(Guest guest) throws Exception {
                guest.frontEnd().send(GET_VRING_BASE, VERSION, state(0, 0));
            }
        },
        DISABLE(false) {
            @Override
            void send(Guest guest) throws Exception {
                guest.frontEnd().send(SET_VRING_ENABLE, VERSION, state(0, 0));
            }
        },
        DISABLE_AND_STOP(true) {
            @Override
            void send(Guest guest) throws Exception {
                DISABLE.send(guest);
                STOP.send(guest);
            }
        },
        RESET(false) {
            @Override
            void send(Guest guest) throws Exception {
                guest.frontEnd().send(RESET_DEVICE, VERSION, NONE);
            }
        },
        REMOVE_MEMORY(false) {
            @Override
            void send(Guest guest) throws Exception {
                guest.frontEnd().send(REM_MEM_REG, VERSION, region(guest.memory()));
            }
        },
        CLOSE(false) {
            @Override
            void send(Guest guest) throws Exception {
                guest.frontEnd().close();
            }
        };

        private final boolean hasReply;

        End(boolean hasReply) {
            this.hasReply = hasReply;
        }

        abstract void send(Guest guest) throws Exception;
    }

    static Stream<Arguments> ends() {
        return features().boxed()
                .flatMap(features -> Stream.of(End.values()).map(end -> Arguments.of(end, features)));
    }

    /** A driver that obeys would never kick again. Whoever suppressed its notifications lifts that. */
    @ParameterizedTest
    @MethodSource("ends")
    void notificationsAreLeftOnHoweverARingEnds(End end, long features) throws Exception {
        try (var guest = guest(features, 2 * OUTSTANDING)) {
            CountDownLatch release = devices.hold();
            for (int i = 0; i < OUTSTANDING; i++) {
                guest.ring().publish(guest.ring().chain(List.of(Piece.writable(buffer(guest), 16))));
            }
            guest.kick();
            end.send(guest);
            release.countDown();
            if (end == End.CLOSE) {
                awaitGone();
            } else {
                if (end.hasReply) {
                    guest.frontEnd().reply(GET_VRING_BASE);
                }
                ring(guest);
            }
            publish(guest);
            assertTrue(guest.ring().isKickWanted());
        }
    }

    @ParameterizedTest
    @MethodSource("features")
    void notificationsAreLeftOnWhereTheDriverBreaksTheRing(long features) throws Exception {
        try (var guest = guest(features, 2 * OUTSTANDING)) {
            CountDownLatch release = devices.hold();
            for (int i = 0; i < OUTSTANDING; i++) {
                long address = i == OUTSTANDING - 1 ? 0x1000 : buffer(guest);
                guest.ring().publish(guest.ring().chain(List.of(Piece.writable(address, 16))));
            }
            guest.kick();
            release.countDown();
            guest.awaitBroken();
            publish(guest);
            assertTrue(guest.ring().isKickWanted());
        }
    }

    /** The requests that are outstanding at a stop are answered after the next start; nobody kicks for them again. */
    @ParameterizedTest
    @MethodSource("features")
    void requestsThatAreLeftAtAStopAreAnsweredAfterTheNextStart(long features) throws Exception {
        try (var guest = guest(features, 2 * OUTSTANDING)) {
            CountDownLatch release = devices.hold();
            for (int i = 0; i < OUTSTANDING; i++) {
                guest.ring().publish(guest.ring().chain(List.of(Piece.writable(buffer(guest), 16))));
            }
            guest.kick();
            guest.frontEnd().send(SET_VRING_ENABLE, VERSION, state(0, 0));
            release.countDown();
            setUp(guest, askBase(guest));
            for (int i = 0; i < OUTSTANDING; i++) {
                awaitUsed(guest);
            }
            offer(guest);
            awaitUsed(guest);
        }
    }

    /** The front-end sends the same eventfd again, and nothing reads its count while a ring runs. */
    @ParameterizedTest
    @MethodSource("features")
    void kicksFromBeforeAStopDoNotStartARing(long features) throws Exception {
        try (var guest = guest(features, 64)) {
            int base = guest.ring().base();
            for (int i = 0; i < 5; i++) {
                assertEquals(0, guest.request(REQUEST, 16).status());
            }
            askBase(guest);
            setUp(guest, base);
            assertFalse(ring(guest).started());
            assertFalse(guest.ring().hasUsed());
            guest.kick();
            awaitStarted();
        }
    }

    @ParameterizedTest
    @MethodSource("features")
    void kicksFromBeforeAResetDoNotStartARing(long features) throws Exception {
        try (var guest = guest(features, 64)) {
            assertEquals(0, guest.request(REQUEST, 16).status());
            guest.resetDevice();
            assertFalse(ring(guest).started());
            assertEquals(0, guest.request(REQUEST, 16).status());
        }
    }

    @Test
    void kicksOfABrokenRingDoNotStartItAgain() throws Exception {
        try (var guest = guest(Guest.FEATURES, 64)) {
            guest.requestq().publish(9999);
            guest.kick();
            guest.awaitBroken();
            guest.kick();
            askBase(guest);
            setUp(guest, 0);
            assertFalse(ring(guest).started());
        }
    }

    @ParameterizedTest
    @MethodSource("features")
    void aKickBetweenAStopAndTheNextStartIsNotLost(long features) throws Exception {
        try (var guest = guest(features, 64)) {
            for (int i = 0; i < 20; i++) {
                assertEquals(0, guest.request(REQUEST, 16).status());
                int base = askBase(guest);
                offer(guest);
                setUp(guest, base);
                awaitUsed(guest);
            }
        }
    }

    /** Somebody else may empty the eventfd and make it block just before we read it. */
    @Test
    void anEmptyKickEventFdThatBlocksStallsNobody() throws Exception {
        try (var guest = guest(Guest.FEATURES, 64)) {
            assertEquals(0, guest.request(REQUEST, 16).status());
            Libc.readCount(guest.kickFile());
            Libc.makeBlocking(guest.kickFile());
            askBase(guest);
            assertFalse(ring(guest).started());
        }
    }

    /** A kick that comes before the rest of the set-up, over an eventfd that is replaced then. */
    @ParameterizedTest
    @MethodSource("features")
    void aRingThatIsKickedEarlyWaitsUntilItIsComplete(long features) throws Exception {
        try (var guest = guest(features, 64); var other = Libc.eventFd()) {
            RingDriver driver = guest.ring();
            GuestMemory memory = guest.memory();
            guest.frontEnd().must(RESET_DEVICE, NONE);
            guest.frontEnd().must(SET_FEATURES, u64(features | PROTOCOL_FEATURES));
            guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            guest.frontEnd().must(SET_VRING_KICK, u64(0), guest.kickFile());
            publish(guest);
            guest.kick();
            awaitStarted();
            guest.frontEnd().must(SET_VRING_NUM, state(0, driver.size()));
            guest.frontEnd().must(SET_VRING_BASE, state(0, driver instanceof SplitDriver ? 0 : 0x8000_8000));
            assertFalse(ring(guest).broken());
            guest.frontEnd().must(SET_VRING_ADDR,
                    addresses(0, memory.userAddressOf(driver.descriptorArea()),
                            memory.userAddressOf(driver.deviceArea()), memory.userAddressOf(driver.driverArea())));
            guest.frontEnd().must(SET_VRING_KICK, u64(0), other);
            guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            awaitUsed(guest);
            publish(guest);
            Libc.addCount(other, 1);
            awaitUsed(guest);
            assertFalse(ring(guest).broken());
        }
    }

    /** As a ring rests whose own areas are away. */
    @ParameterizedTest
    @MethodSource("features")
    void aRingRestsWhileTheMemoryOfABufferIsAway(long features) throws Exception {
        try (var guest = guest(features | INDIRECT_DESC, 64);
                var memory = new GuestMemory(1 << 20, 0x8000_0000L, 0x7e00_0000_0000L)) {
            long errors = devices.status("vm0").ringErrors();
            guest.frontEnd().must(ADD_MEM_REG, region(memory), memory.file());
            List<Piece> pieces = List.of(Piece.readable(memory.guestAddress(), 16),
                    Piece.writable(memory.guestAddress() + 16, 16));
            memory.write(memory.guestAddress(), REQUEST);
            for (int i = 0; i < 5; i++) {
                assertEquals(0, guest.request(REQUEST, 16).status());
                guest.frontEnd().must(REM_MEM_REG, region(memory));
                guest.ring().publish(i % 2 == 0 ? guest.ring().chain(pieces) : guest.ring().indirect(pieces));
                guest.kick();
                assertFalse(ring(guest).broken());
                assertFalse(guest.ring().hasUsed());
                publish(guest);
                assertTrue(guest.ring().isKickWanted());
                guest.frontEnd().must(ADD_MEM_REG, region(memory), memory.file());
                awaitUsed(guest);
                awaitUsed(guest);
            }
            assertEquals(errors, devices.status("vm0").ringErrors());

            // Memory that never was there is the driver's error.
            guest.ring().publish(guest.ring().chain(List.of(Piece.writable(0x9000_0000L, 16))));
            guest.kick();
            guest.awaitBroken();
            assertEquals(errors + 1, devices.status("vm0").ringErrors());
        }
    }

    /** The driver may wait for buffers that were used while it had no eventfd to learn of them. */
    @ParameterizedTest
    @MethodSource("features")
    void aNewCallEventFdIsSignalledForBuffersOfWhichTheDriverWasNotTold(long features) throws Exception {
        try (var guest = guest(features, 64); var other = Libc.eventFd(); var third = Libc.eventFd()) {
            assertEquals(0, guest.request(REQUEST, 16).status());
            guest.frontEnd().must(SET_VRING_CALL, u64(NO_DESCRIPTOR));
            guest.ring().wantNextUsed();
            offer(guest);
            devices.await("vm0", _ -> guest.ring().hasUsed());
            ring(guest);
            guest.frontEnd().must(SET_VRING_CALL, u64(0), other);
            assertTrue(Libc.awaitReadable(other, 0));
            guest.frontEnd().must(SET_VRING_CALL, u64(0), third);
            assertFalse(Libc.awaitReadable(third, 0), "told once");
        }
    }
}
