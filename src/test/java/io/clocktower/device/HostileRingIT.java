package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.GET_STATUS;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.SplitDriver.INDIRECT;
import static io.clocktower.frontend.SplitDriver.NEXT;
import static io.clocktower.frontend.SplitDriver.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.PartedGuest;
import io.clocktower.frontend.PartedGuest.Part;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A driver that breaks the rules breaks its own ring, and nothing of another device's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileRingIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final long DEVICE_NEEDS_RESET = 64;

    private Devices devices;
    private Guest bystander;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("abused", "bystander");
        bystander = new Guest(devices.socket("bystander"));
    }

    @AfterAll
    void stop() throws Exception {
        bystander.close();
        devices.close();
    }

    @AfterEach
    void theOtherDeviceAnswersOn() throws Exception {
        assertEquals(0, bystander.request(REQUEST, 16).status());
        assertEquals(0, devices.status("bystander").ringErrors());
    }

    private void awaitGone() throws Exception {
        devices.await("abused", status -> status.state() == DeviceState.WAITING);
    }

    static Stream<Arguments> errors() {
        return Stream.of(error("a descriptor that is its own next", guest -> {
            guest.requestq().descriptor(0, buffer(guest), 8, NEXT, 0);
            guest.requestq().publish(0);
        }), error("a loop", guest -> {
            guest.requestq().descriptor(0, buffer(guest), 0, NEXT, 1);
            guest.requestq().descriptor(1, buffer(guest), 0, NEXT, 0);
            guest.requestq().publish(0);
        }), error("a chain longer than the ring", guest -> {
            for (int i = 0; i < guest.requestq().size(); i++) {
                guest.requestq().descriptor(i, buffer(guest), 1, NEXT, i + 1);
            }
            guest.requestq().descriptor(guest.requestq().size() - 1, buffer(guest), 1, NEXT, 0);
            guest.requestq().publish(0);
        }), error("a next one outside the table", guest -> {
            guest.requestq().descriptor(0, buffer(guest), 8, NEXT, 256);
            guest.requestq().publish(0);
        }), error("a head outside the table", guest -> guest.requestq().publish(65535)),
                error("an available index that leaps", guest -> guest.requestq().publishIndex(1000)),
                error("an available index that goes back", guest -> guest.requestq().publishIndex(-1)),
                error("an address outside the memory", guest -> one(guest, 0x1000, 16, 0)),
                error("an address at the memory's end",
                        guest -> one(guest, guest.memory().guestAddress() + guest.memory().sizeBytes() - 8, 16, WRITE)),
                error("an address that wraps", guest -> one(guest, -8, 16, 0)),
                error("the greatest length", guest -> one(guest, buffer(guest), -1, 0)),
                error("a readable descriptor after a writable one", guest -> {
                    guest.requestq().descriptor(0, buffer(guest), 16, WRITE | NEXT, 1);
                    guest.requestq().descriptor(1, buffer(guest), 16, 0, 0);
                    guest.requestq().publish(0);
                }), error("an indirect table outside the memory", guest -> one(guest, 0x1000, 16, INDIRECT)),
                error("an indirect table of no length", guest -> one(guest, buffer(guest), 0, INDIRECT)),
                error("an indirect table of an odd length", guest -> one(guest, buffer(guest), 24, INDIRECT)),
                error("an indirect table with a next", guest -> one(guest, buffer(guest), 16, INDIRECT | NEXT)));
    }

    private static Arguments error(String name, Consumer<Guest> error) {
        return Arguments.of(name, error);
    }

    private static long buffer(Guest guest) {
        return guest.memory().guestAddress() + (2 << 20);
    }

    private static void one(Guest guest, long address, int length, int flags) {
        guest.requestq().descriptor(0, address, length, flags, 0);
        guest.requestq().publish(0);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("errors")
    @Proves("status-02")
    void anErrorBreaksTheRingUntilItIsSetUpAgain(String name, Consumer<Guest> error) throws Exception {
        long errors = devices.status("abused").ringErrors();
        try (var guest = new Guest(devices.socket("abused"))) {
            abuse(guest, error);
            assertEquals(errors + 1, devices.status("abused").ringErrors());
            assertEquals(0xf | DEVICE_NEEDS_RESET, guest.frontEnd().askU64(GET_STATUS));

            // A broken ring takes no notice of kicks.
            guest.kick();
            assertEquals(errors + 1, devices.status("abused").ringErrors());

            // Stopped and set up again.
            guest.frontEnd().ask(GET_VRING_BASE, state(0, 0));
            assertEquals(0xf, guest.frontEnd().askU64(GET_STATUS));
            restart(guest);
            assertEquals(0, guest.request(REQUEST, 16).status());

            // Reset.
            abuse(guest, error);
            guest.frontEnd().must(RESET_DEVICE, new byte[0]);
            guest.frontEnd().must(FrontEnd.SET_FEATURES, FrontEnd.u64(Guest.FEATURES | FrontEnd.PROTOCOL_FEATURES));
            restart(guest);
            assertEquals(0, guest.request(REQUEST, 16).status());

            abuse(guest, error);
        }
        awaitGone();
        try (var guest = new Guest(devices.socket("abused"))) {
            assertEquals(0, guest.request(REQUEST, 16).status());
        }
        awaitGone();
        assertEquals(errors + 3, devices.status("abused").ringErrors());
    }

    private static void abuse(Guest guest, Consumer<Guest> error) {
        guest.requestq().forgetDescriptors();
        error.accept(guest);
        guest.kick();
        guest.awaitBroken();
    }

    private static void restart(Guest guest) throws Exception {
        guest.requestq().forgetDescriptors();
        guest.requestq().startAt(0);
        guest.frontEnd().setRing(0, guest.memory(), guest.requestq(), 0, guest.kickFile(), guest.call(), guest.err());
    }

    @Test
    void eachBrokenRingIsLogged() throws Exception {
        try (var fresh = new Devices("fresh"); var log = new LogCounter()) {
            for (int i = 0; i < 3; i++) {
                try (var guest = new Guest(fresh.socket("fresh"))) {
                    abuse(guest, g -> g.requestq().publish(9999));
                }
                fresh.await("fresh", status -> status.state() == DeviceState.WAITING);
            }
            assertEquals(3, fresh.status("fresh").ringErrors());
            log.await(3, line -> line.contains("virtqueue 0 is broken"));
        }
    }

    /** Whichever part goes, after so many requests that the code is interpreted, and so many that it is compiled. */
    @ParameterizedTest
    @EnumSource
    void truncatedMemoryBreaksTheRing(Part part) throws Exception {
        for (int requests : new int[]{0, 1, 20, 3_000, 20_000, 200, 200, 200, 200, 200, 200, 200, 200}) {
            long errors = devices.status("abused").ringErrors();
            try (var guest = new PartedGuest(devices.socket("abused"))) {
                for (int i = 0; i < requests; i++) {
                    guest.publish(REQUEST, 16);
                    guest.kick();
                    guest.awaitUsed();
                }
                // A loop that still polls the ring would answer the request first.
                CountDownLatch release = devices.hold();
                guest.publish(REQUEST, 16);
                guest.truncate(part);
                guest.kick();
                release.countDown();
                assertEquals(0, bystander.request(REQUEST, 16).status());
                guest.awaitBroken();
            }
            awaitGone();
            assertEquals(errors + 1, devices.status("abused").ringErrors());
            theOtherDeviceAnswersOn();
        }
    }

    @Test
    void memoryTruncatedBeforeTheRingStartsBreaksIt() throws Exception {
        for (Part part : new Part[]{Part.AVAILABLE_RING, Part.USED_RING}) {
            try (var guest = new PartedGuest(new FrontEnd(devices.socket("abused")))) {
                guest.truncate(part);
                guest.start();
                guest.kick();
                guest.awaitBroken();
            }
            awaitGone();
            try (var guest = new PartedGuest(new FrontEnd(devices.socket("abused")))) {
                guest.setAddresses();
                guest.truncate(part);
                guest.start();
                guest.kick();
                guest.awaitBroken();
            }
            awaitGone();
        }
    }

    @Test
    void aFullCallEventFdStallsNobody() throws Exception {
        try (var guest = new Guest(devices.socket("abused"))) {
            Libc.addCount(guest.call(), -2);
            for (int i = 0; i < 10; i++) {
                publish(guest);
                guest.kick();
                awaitUsedWithoutCall(guest);
                assertEquals(0, bystander.request(REQUEST, 16).status());
            }
        }
        awaitGone();
    }

    /** Whether an eventfd blocks is a matter of the open file, which the front-end shares and can change again. */
    @Test
    void aFullCallEventFdThatIsMadeBlockingAgainStallsNobody() throws Exception {
        try (var guest = new Guest(devices.socket("abused"))) {
            Libc.addCount(guest.call(), -2);
            Libc.makeBlocking(guest.call());
            publish(guest);
            guest.kick();
            awaitUsedWithoutCall(guest);
            assertEquals(0, bystander.request(REQUEST, 16).status());

            Libc.addCount(guest.err(), -2);
            Libc.makeBlocking(guest.err());
            guest.requestq().publish(9999);
            guest.kick();
            devices.await("abused", status -> status.frontEnd().orElseThrow().rings().getFirst().broken());
            assertEquals(0, bystander.request(REQUEST, 16).status());
            Libc.readCount(guest.call());
            Libc.readCount(guest.err());
        }
        awaitGone();
    }

    private static void publish(Guest guest) {
        SplitDriver driver = guest.requestq();
        driver.usedEvent(driver.usedIndex());
        driver.publish(driver.chain(java.util.List.of(SplitDriver.Piece.writable(buffer(guest), 16))));
    }

    private void awaitUsedWithoutCall(Guest guest) throws Exception {
        devices.await("abused", _ -> guest.requestq().hasUsed());
        guest.requestq().takeUsed();
    }

    @Test
    void aKickEventFdOfAnyCountNeitherSpinsNorStalls() throws Exception {
        try (var guest = new Guest(devices.socket("abused")); Descriptor kick = Libc.eventFd(Libc.EFD_SEMAPHORE)) {
            Libc.addCount(kick, 0x7fff_ffff_ffff_ffffL);
            guest.frontEnd().must(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), kick);
            publish(guest);
            Libc.addCount(kick, 1);
            awaitUsedWithoutCall(guest);
            assertLoopSleeps();
            publish(guest);
            Libc.addCount(kick, 1);
            awaitUsedWithoutCall(guest);
        }
        awaitGone();
    }

    /** Buffers of the alarmq wait for alarms, and the thread must not wait for them on its feet. */
    @Test
    void buffersThatTheDeviceLeavesDoNotKeepTheThreadAwake() throws Exception {
        for (long features : new long[]{Guest.FEATURES, FrontEnd.VERSION_1}) {
            try (var guest = new Guest(devices.socket("abused"), features, 256, 0); var kick = Libc.eventFd()) {
                GuestMemory memory = guest.memory();
                memory.release(memory.guestAddress() + (1 << 20));
                var alarmq = new SplitDriver(memory, 16);
                guest.frontEnd().setRing(1, memory, alarmq, 0, kick, guest.call(), guest.err());
                alarmq.publish(alarmq.chain(java.util.List.of(SplitDriver.Piece.writable(buffer(guest), 64))));
                Libc.addCount(kick, 1);
                assertEquals(0, guest.request(REQUEST, 16).status());
                assertLoopSleeps();
            }
            awaitGone();
        }
    }

    /** The thread comes to rest where its processor time stands still from one look to the next. */
    private static void assertLoopSleeps() throws Exception {
        var threads = java.lang.management.ManagementFactory.getThreadMXBean();
        long id = Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("event-loop-0"))
                .filter(Thread::isAlive).findFirst().orElseThrow().threadId();
        long before = threads.getThreadCpuTime(id);
        for (int i = 0; i < 100; i++) {
            Thread.sleep(20);
            long now = threads.getThreadCpuTime(id);
            if (now == before) {
                return;
            }
            before = now;
        }
        assertTrue(false, "the event loop does not come to rest");
    }
}
