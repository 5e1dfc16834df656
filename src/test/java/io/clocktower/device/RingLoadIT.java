package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Bystander;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Noise;
import io.clocktower.frontend.PackedDriver;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.status.DeviceState;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** However much work a driver makes for the device, the other devices of the loop have their turns. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RingLoadIT {

    private static final int SIZE = 32768;
    private static final int ALARMQ = 1;
    private static final byte[] READING = ofClock(READ, 1);
    private static final int TRIES = 50;
    /** The longest chain takes eight turns, and a request no more than two or three. */
    private static final int FEW = 2;
    private static final long ATTACK_NS = TimeUnit.SECONDS.toNanos(3);
    private static final int REGIONS = 500;

    private Devices devices;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("bystander");
        devices.create("abused", List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true)),
                Devices.POLL_WINDOW);
    }

    @AfterAll
    void stop() throws Exception {
        devices.close();
    }

    @AfterEach
    void awaitGone() throws Exception {
        devices.await("abused", status -> status.state() == DeviceState.WAITING);
    }

    /**
     * How much of an attack the loop does between another device's request and its answer: what is left waits behind it.
     * Without a bound it would be the whole ring.
     *
     * @param ring that is attacked, and not done with by far
     * @param atMost so many of its buffers are used in the few turns that a request takes
     */
    private void assertOthersHaveTheirTurns(RingDriver ring, int atMost) throws Exception {
        int fewest = SIZE;
        try (var bystander = new Guest(devices.socket("bystander"))) {
            for (int i = 0; i < TRIES; i++) {
                takeAll(ring);
                assertEquals(0, bystander.request(READING, 16).status());
                // This thread may be late, so only the fewest counts.
                fewest = Math.min(fewest, takeAll(ring));
            }
        }
        devices.await("bystander", status -> status.state() == DeviceState.WAITING);
        devices.await("abused", _ -> ring.hasUsed());
        assertTrue(fewest <= atMost, fewest + " buffers");
    }

    private static int takeAll(RingDriver ring) {
        int taken = 0;
        for (; ring.hasUsed(); taken++) {
            ring.takeUsed();
        }
        return taken;
    }

    private Guest guest(long features, int size) throws Exception {
        return new Guest(devices.socket("abused"), features, size, 0);
    }

    private static RingDriver ring(GuestMemory memory, long features, int size) {
        boolean hasEventIdx = (features & EVENT_IDX) != 0;
        return (features & RING_PACKED) != 0
                ? new PackedDriver(memory, size, hasEventIdx)
                : new SplitDriver(memory, size, hasEventIdx);
    }

    /** As many buffers as the ring has room for, each of which is the same chain of as many empty descriptors. */
    private static void fillWithLongChains(GuestMemory memory, RingDriver ring, boolean isIndirect) {
        List<Piece> pieces = new ArrayList<>(Collections.nCopies(SIZE, Piece.readable(memory.guestAddress(), 0)));
        if (ring instanceof PackedDriver packed) {
            int first = packed.indirect(pieces);
            long table = MemorySegment.ofArray(packed.descriptorBytes(0)).get(SplitDriver.LE64, 0);
            packed.publish(first);
            for (int i = 1; i < SIZE; i++) {
                packed.publish(packed.indirect(table, SIZE));
            }
        } else {
            int head = isIndirect ? ring.indirect(pieces) : ring.chain(pieces);
            for (int i = 0; i < SIZE; i++) {
                ring.publish(head);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, true"})
    void alarmqBuffersThatAreTooSmallAreReturnedInTurns(boolean isPacked, boolean isIndirect) throws Exception {
        long features = VERSION_1 | INDIRECT_DESC | EVENT_IDX | Alarmq.F_ALARM | (isPacked ? RING_PACKED : 0);
        try (var guest = guest(features, 64); var kick = Libc.eventFd()) {
            RingDriver alarmq = ring(guest.memory(), features, SIZE);
            guest.frontEnd().setRing(ALARMQ, guest.memory(), alarmq, alarmq.base(), kick, guest.call(), guest.err());
            fillWithLongChains(guest.memory(), alarmq, isIndirect);
            guest.keepAllocated();
            assertEquals(0, guest.request(setAlarm(0, 0, 1), 8).status());
            Libc.addCount(kick, 1);
            assertOthersHaveTheirTurns(alarmq, FEW);
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, true"})
    void requestsOfTheLongestChainsAreAnsweredInTurns(boolean isPacked, boolean isIndirect) throws Exception {
        long features = VERSION_1 | INDIRECT_DESC | EVENT_IDX | (isPacked ? RING_PACKED : 0);
        try (var guest = guest(features, SIZE)) {
            fillWithLongChains(guest.memory(), guest.ring(), isIndirect);
            guest.kick();
            assertOthersHaveTheirTurns(guest.ring(), FEW);
        }
    }

    /** A front-end that is in league with the driver makes a descriptor lie in as many regions as there may be. */
    @Test
    void requestsInManyMemoryRegionsAreAnsweredInTurns() throws Exception {
        try (var guest = guest(Guest.FEATURES, SIZE); var file = Libc.memfd(1)) {
            long address = 1L << 40;
            for (int i = 0; i < REGIONS; i++) {
                guest.frontEnd().must(FrontEnd.ADD_MEM_REG, FrontEnd.payload(40).putLong(0).putLong(address + i)
                        .putLong(1).putLong((1L << 41) + i * 4096L).putLong(0).array(), file);
            }
            int head = guest.ring().chain(Collections.nCopies(64, Piece.writable(address, REGIONS)));
            for (int i = 0; i < SIZE; i++) {
                guest.ring().publish(head);
            }
            guest.kick();
            assertOthersHaveTheirTurns(guest.ring(), FEW);
        }
    }

    /** Rings of noise: mostly descriptors that could be, so that the device goes far into them before they break. */
    @ParameterizedTest
    @ValueSource(longs = {0, RING_PACKED})
    void ringsOfNoiseDisturbNobody(long format) throws Exception {
        var random = new Random(format);
        long features = Guest.FEATURES | Alarmq.F_ALARM | format;
        Bystander.undisturbedBy(devices.socket("bystander"), () -> {
            long endNs = System.nanoTime() + ATTACK_NS;
            while (System.nanoTime() < endNs) {
                int size = 1 << 4 + random.nextInt(12);
                try (var guest = guest(features, size)) {
                    for (int i = 0; i < 20 && System.nanoTime() < endNs; i++) {
                        Noise.fill(guest, random);
                        guest.kick();
                        Libc.awaitReadable(guest.err(), 1);
                        guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(0, 0));
                        guest.frontEnd().setRing(0, guest.memory(), guest.ring(), guest.ring().base(),
                                guest.kickFile(), guest.call(), guest.err());
                    }
                }
                awaitGone();
            }
        });
    }
}
