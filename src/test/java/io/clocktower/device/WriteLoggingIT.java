package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.LOG_ALL;
import static io.clocktower.frontend.FrontEnd.PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.SET_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_LOG_BASE;
import static io.clocktower.frontend.FrontEnd.SET_LOG_FD;
import static io.clocktower.frontend.FrontEnd.SET_PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ADDR;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.FrontEnd.addresses;
import static io.clocktower.frontend.FrontEnd.log;
import static io.clocktower.frontend.FrontEnd.loggedAddresses;
import static io.clocktower.frontend.FrontEnd.u64;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Mmap;
import io.clocktower.status.DeviceState;
import io.clocktower.vhostuser.HostLimits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The log of the pages that a device writes while its guest migrates. vhost-user, "Migration". */
class WriteLoggingIT {

    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final int PAGE = 4096;
    /** Enough for a guest with memory from 1 GiB on. */
    private static final long LOG_BYTES = 1 << 16;
    private static final int QUEUE_SIZE = 512;
    private static final List<ClockSpec> CLOCKS = List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true));

    private Devices devices;
    private final Descriptor file = Libc.sealedMemfd(LOG_BYTES);
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = Mmap.map(file, 0, LOG_BYTES, arena);

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
        devices.create("vm0", CLOCKS, Devices.POLL_WINDOW);
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
        arena.close();
        file.close();
    }

    static LongStream features() {
        return LongStream.of(VERSION_1 | INDIRECT_DESC, VERSION_1 | EVENT_IDX, VERSION_1 | RING_PACKED,
                VERSION_1 | RING_PACKED | EVENT_IDX | INDIRECT_DESC);
    }

    private Guest guest(long features) throws Exception {
        return new Guest(devices.socket("vm0"), features, QUEUE_SIZE, 0);
    }

    /** The pages that are marked, and takes the marks away. */
    private BitSet taken() {
        BitSet marked = BitSet.valueOf(bytes.toArray(JAVA_BYTE));
        bytes.fill((byte) 0);
        return marked;
    }

    private static void enable(Guest guest, long features, boolean isLogged) throws Exception {
        guest.frontEnd().must(SET_FEATURES, u64(features | PROTOCOL_FEATURES | (isLogged ? LOG_ALL : 0)));
    }

    /** Has writes to the ring logged as well, those to its device area under {@code log}. */
    private static void logRing(Guest guest, long log) throws Exception {
        RingDriver ring = guest.ring();
        guest.frontEnd().must(SET_VRING_ADDR, loggedAddresses(0, user(guest, ring.descriptorArea()),
                user(guest, ring.deviceArea()), user(guest, ring.driverArea()), log));
    }

    private static long user(Guest guest, long address) {
        return guest.memory().userAddressOf(address);
    }

    private static BitSet pages(long address, long length) {
        var pages = new BitSet();
        pages.set((int) (address / PAGE), (int) ((address + length - 1) / PAGE) + 1);
        return pages;
    }

    private static BitSet union(BitSet one, BitSet other) {
        var both = (BitSet) one.clone();
        both.or(other);
        return both;
    }

    private static byte[] memory(Guest guest) {
        return guest.memory().read(guest.memory().guestAddress(), (int) guest.memory().sizeBytes());
    }

    /** Makes a request whose response crosses the end of a page, and answers the pages that the device changed in it. */
    private static BitSet changedByARequest(Guest guest, long response) {
        long request = guest.memory().guestAddress() + (3 << 20);
        guest.memory().write(request, REQUEST);
        guest.memory().fill(response, 16, 0xa5);
        RingDriver ring = guest.ring();
        ring.publish(ring.chain(List.of(Piece.readable(request, 16), Piece.writable(response, 16))));
        ring.wantNextUsed();
        byte[] before = memory(guest);
        guest.awaitUsed();
        byte[] after = memory(guest);
        var changed = new BitSet();
        for (int i = 0; i < before.length; i++) {
            if (before[i] != after[i]) {
                changed.set((int) ((guest.memory().guestAddress() + i) / PAGE));
            }
        }
        return changed;
    }

    private static void assertHolds(BitSet all, BitSet some) {
        var missing = (BitSet) some.clone();
        missing.andNot(all);
        assertTrue(missing.isEmpty(), () -> missing + " is missing in " + all);
    }

    @ParameterizedTest
    @MethodSource("features")
    @Proves({"migration-log-01", "migration-log-02", "migration-log-05"})
    void eachPageThatIsWrittenIsMarkedAndNoOther(long features) throws Exception {
        try (var guest = guest(features)) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, features, true);
            RingDriver ring = guest.ring();
            logRing(guest, ring.deviceArea());
            long response = guest.memory().guestAddress() + (2 << 20) + 5 * PAGE - 8;
            BitSet buffer = pages(response, 16);
            boolean isPacked = (features & RING_PACKED) != 0;
            BitSet written = union(buffer, isPacked
                    ? union(pages(ring.descriptorArea(), 16 * QUEUE_SIZE), pages(ring.deviceArea(), 4))
                    : pages(ring.deviceArea(), 6 + 8 * QUEUE_SIZE));
            var all = new BitSet();
            for (int i = 0; i < 2 * QUEUE_SIZE; i++) {
                BitSet changed = changedByARequest(guest, response);
                devices.status("vm0");
                BitSet marked = taken();
                assertHolds(marked, changed);
                assertHolds(marked, buffer);
                assertHolds(written, marked);
                all.or(marked);
            }
            if (!isPacked) {
                assertEquals(written, all, "all of the used ring was written");
            }
        }
    }

    /** "this value might be outside the legal guest physical address range". */
    @ParameterizedTest
    @MethodSource("features")
    @Proves("migration-log-02")
    void writesToTheDeviceAreaAreMarkedWhereTheFrontEndSays(long features) throws Exception {
        try (var guest = guest(features)) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, features, true);
            logRing(guest, 7 * PAGE);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            devices.status("vm0");
            BitSet marked = taken();
            assertTrue(marked.get(7));
            assertFalse(marked.intersects(pages(guest.ring().deviceArea(), 4))
                    && (features & RING_PACKED) == 0, marked::toString);
        }
    }

    /** "Modifications to "used" vring should be marked if VHOST_VRING_F_LOG is part of ring's flags." */
    @Test
    @Proves("migration-log-02")
    void aRingIsLoggedOnlyIfTheFrontEndSaysSo() throws Exception {
        try (var guest = guest(Guest.FEATURES)) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, Guest.FEATURES, true);
            long response = guest.memory().guestAddress() + (2 << 20);
            changedByARequest(guest, response);
            assertEquals(pages(response, 16), taken());
            logRing(guest, guest.ring().deviceArea());
            changedByARequest(guest, response);
            assertHolds(taken(), pages(guest.ring().deviceArea(), 2));
            RingDriver ring = guest.ring();
            guest.frontEnd().must(SET_VRING_ADDR, addresses(0, user(guest, ring.descriptorArea()),
                    user(guest, ring.deviceArea()), user(guest, ring.driverArea())));
            devices.status("vm0");
            taken();
            changedByARequest(guest, response);
            assertEquals(pages(response, 16), taken());
        }
    }

    /** "To start/stop logging of data/used ring writes, the front-end may send messages VHOST_USER_SET_FEATURES". */
    @ParameterizedTest
    @MethodSource("features")
    void loggingIsSwitchedWhileTheRingRuns(long features) throws Exception {
        try (var guest = guest(features)) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(new BitSet(), taken());
            enable(guest, features, true);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertFalse(taken().isEmpty());
            enable(guest, features, false);
            devices.status("vm0");
            taken();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            devices.status("vm0");
            assertEquals(new BitSet(), taken());
            assertEquals(1, guest.frontEnd().acknowledged(SET_FEATURES, u64(features ^ EVENT_IDX)), "others cannot");
        }
    }

    @Test
    @Proves("migration-log-01")
    void notificationsOfAlarmsAreMarked() throws Exception {
        long features = Guest.FEATURES | Alarmq.F_ALARM;
        try (var guest = new Guest(devices.socket("vm0"), features, 64, 0); var alarmq = new Alarmq(guest)) {
            long now = guest.request(REQUEST, 16).le64(8);
            assertEquals(OK, guest.request(setAlarm(0, now + 1_000_000_000L, 1), 8).status());
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, features, true);
            alarmq.makeAvailable();
            taken();
            devices.clock().advance(1_000_000_000L);
            assertEquals(0, alarmq.awaitNotification());
            devices.status("vm0");
            assertEquals(pages(alarmq.driver().address(0), 16), taken());
        }
    }

    @Test
    void theFrontEndIsToldThatTheLogWasWritten() throws Exception {
        try (var guest = guest(Guest.FEATURES); var event = Libc.eventFd()) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            guest.frontEnd().must(SET_LOG_FD, new byte[0], event);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertFalse(Libc.awaitReadable(event, 0));
            enable(guest, Guest.FEATURES, true);
            for (int i = 0; i < 3; i++) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                assertTrue(Libc.awaitReadable(event, 10_000));
                Libc.readCount(event);
            }
        }
    }

    @Test
    void aResetEndsTheLogging() throws Exception {
        try (var guest = guest(Guest.FEATURES)) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, Guest.FEATURES, true);
            logRing(guest, guest.ring().deviceArea());
            guest.resetDevice();
            taken();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(new BitSet(), taken());
        }
    }

    /** The migration would lose the page, so the front-end has to learn of it. */
    @ParameterizedTest
    @MethodSource("features")
    void aWriteForWhichTheLogHasNoBitEndsTheConnection(long features) throws Exception {
        devices.create("vm1", CLOCKS, Devices.POLL_WINDOW);
        try (var other = new Guest(devices.socket("vm1")); var guest = guest(features)) {
            guest.frontEnd().setLog(file, 64, 0);
            enable(guest, features, true);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            guest.frontEnd().awaitClosed();
            assertEquals(new BitSet(), taken());
            assertEquals(OK, other.request(REQUEST, 16).status());
        }
        assertEquals(1, devices.await("vm0", status -> status.state() == DeviceState.WAITING).protocolErrors());
    }

    @Test
    void aUsedRingOutsideOfTheLogEndsTheConnection() throws Exception {
        try (var guest = guest(Guest.FEATURES)) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            enable(guest, Guest.FEATURES, true);
            logRing(guest, -8L);
            assertEquals(OK, guest.request(REQUEST, 16).status());
            guest.frontEnd().awaitClosed();
        }
    }

    /** A front-end does not look at the reply's value, so only the end of the connection says that nothing is logged. */
    @Test
    void aLogThatCannotBeUsedEndsTheConnection() throws Exception {
        try (var plain = Libc.memfd(LOG_BYTES); var event = Libc.eventFd()) {
            assertEnds(log(LOG_BYTES, 0), plain);
            assertEnds(log(LOG_BYTES, 0), event);
            assertEnds(log(LOG_BYTES, 0));
            assertEnds(log(LOG_BYTES, 0), file, file);
            assertEnds(log(LOG_BYTES + 1, 0), file);
            assertEnds(log(LOG_BYTES, 1), file);
            assertEnds(log(1, -1), file);
            assertEnds(log(0, 0), file);
            assertEnds(u64(0), file);
        }
        try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            frontEnd.send(SET_PROTOCOL_FEATURES, VERSION, u64(1 << 3));
            frontEnd.send(SET_LOG_BASE, VERSION, log(LOG_BYTES, 0), file);
            frontEnd.awaitClosed();
        }
    }

    private void assertEnds(byte[] payload, Descriptor... files) throws Exception {
        try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            frontEnd.negotiate(VERSION_1);
            frontEnd.send(SET_LOG_BASE, VERSION, payload, files);
            frontEnd.awaitClosed();
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
    }

    /** The process that takes a service over logs on. */
    @ParameterizedTest
    @MethodSource("features")
    void aHandOverGoesOnLogging(long features) throws Exception {
        try (var guest = guest(features); var event = Libc.eventFd()) {
            guest.frontEnd().setLog(file, LOG_BYTES, 0);
            guest.frontEnd().must(SET_LOG_FD, new byte[0], event);
            enable(guest, features, true);
            logRing(guest, guest.ring().deviceArea());
            assertEquals(OK, guest.request(REQUEST, 16).status());
            transfer();
            taken();
            Libc.tryAddCount(event, 1);
            Libc.readCount(event);
            long response = guest.memory().guestAddress() + (2 << 20);
            assertHolds(union(changedByARequest(guest, response), pages(response, 16)), pages(response, 16));
            devices.status("vm0");
            BitSet marked = taken();
            assertHolds(marked, union(pages(response, 16), pages(guest.ring().deviceArea(), 4)));
            assertTrue(Libc.awaitReadable(event, 10_000));
        }
    }

    private void transfer() throws Exception {
        DeviceTransfer from = devices.host().transfer();
        List<DeviceSnapshot> snapshots = from.pause().stream().map(DeviceSnapshot::duplicate).toList();
        Devices successor = devices.successor(HostLimits.ofKernel(false));
        DeviceTransfer to = successor.host().transfer();
        to.resume(snapshots);
        from.abandon();
        to.proceed();
        devices.host().close();
        devices = successor;
    }

    @Test
    void noDescriptorIsLeftBehind() throws Exception {
        long before = OpenDescriptors.settled();
        // With two logs each, fewer than may wait to be unmapped.
        for (int i = 0; i < 3; i++) {
            try (var guest = guest(Guest.FEATURES); var event = Libc.eventFd()) {
                guest.frontEnd().setLog(file, LOG_BYTES, 0);
                guest.frontEnd().setLog(file, LOG_BYTES / 2, 8);
                guest.frontEnd().must(SET_LOG_FD, new byte[0], event);
                guest.frontEnd().must(SET_LOG_FD, new byte[0], event);
                enable(guest, Guest.FEATURES, true);
            }
            devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        }
        OpenDescriptors.await(before);
    }
}
