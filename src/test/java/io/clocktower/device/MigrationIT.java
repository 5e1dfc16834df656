package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.CHECK_DEVICE_STATE;
import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.LOAD;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.SAVE;
import static io.clocktower.frontend.FrontEnd.STOPPED;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.READ_ALARM;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Guest.Response;
import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A guest that goes on at a device of another service. vhost-user, "Migrating back-end state". */
class MigrationIT {

    private static final int UTC = 0;
    private static final int MONOTONIC = 1;
    private static final int ENABLED = 1;
    private static final long SECOND = 1_000_000_000L;
    private static final long NO_DESCRIPTOR = 0x100;
    private static final List<ClockSpec> CLOCKS = List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true));

    private Devices source;
    private Devices destination;
    private Guest guest;
    private Alarmq alarmq;

    @BeforeEach
    void start() throws Exception {
        source = new Devices();
        source.create("vm0", CLOCKS, Devices.POLL_WINDOW);
        destination = new Devices();
        destination.create("vm0", CLOCKS, Devices.POLL_WINDOW);
        guest = new Guest(source.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
        alarmq = new Alarmq(guest);
    }

    @AfterEach
    void stop() throws Exception {
        alarmq.close();
        guest.close();
        source.close();
        destination.close();
    }

    private byte[] suspend() throws IOException {
        guest.suspend();
        alarmq.suspend();
        return guest.frontEnd().save();
    }

    private void migrate() throws IOException {
        guest.resumeAt(destination.socket("vm0"), suspend());
        alarmq.resume();
    }

    private long now(int clockId) {
        Response response = guest.request(ofClock(READ, clockId), 16);
        assertEquals(OK, response.status());
        return response.le64(8);
    }

    private void set(int clockId, long timeNs) {
        assertEquals(OK, guest.request(setAlarm(clockId, timeNs, ENABLED), 8).status());
    }

    private static DeviceStatus.Alarm alarm(Devices devices, int clockId) throws Exception {
        return devices.status("vm0").clocks().get(clockId).alarm().orElseThrow();
    }

    @Test
    @Proves({"migration-state-01", "migration-state-02", "migration-state-03", "migration-state-04"})
    void theAlarmOfAGuestExpiresAtTheDestination() throws Exception {
        long timeNs = now(UTC) + 10 * SECOND;
        set(UTC, timeNs);
        alarmq.makeAvailable();
        migrate();
        Response response = guest.request(ofClock(READ_ALARM, UTC), 24);
        assertEquals(timeNs, response.le64(8));
        assertEquals(ENABLED, response.le64(16));
        destination.clock().advance(9 * SECOND);
        now(UTC);
        assertFalse(alarmq.hasNotification());
        destination.clock().advance(SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
        assertEquals(1, alarm(destination, UTC).notifications());
    }

    @Test
    void anAlarmThatIsDueDuringTheMigrationExpiresOnce() throws Exception {
        set(UTC, now(UTC) + SECOND);
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        destination.clock().advance(5 * SECOND);
        migrate();
        assertEquals(UTC, alarmq.awaitNotification());
        now(UTC);
        assertFalse(alarmq.hasNotification());
    }

    @Test
    void anExpirationThatWaitsIsNotifiedAtTheDestination() throws Exception {
        set(UTC, now(UTC) + SECOND);
        source.clock().advance(SECOND);
        source.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().expirations() == 1);
        migrate();
        alarmq.makeAvailable();
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void anExpirationThatWasNotifiedIsNotNotifiedAgain() throws Exception {
        set(UTC, now(UTC) + SECOND);
        alarmq.makeAvailable();
        source.clock().advance(SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
        destination.clock().advance(SECOND);
        alarmq.makeAvailable();
        migrate();
        now(UTC);
        assertFalse(alarmq.hasNotification());
    }

    /** The host of the destination has been up for less time. */
    @Test
    void monotonicTimeDoesNotGoBack() throws Exception {
        source.clock().advance(1_000 * SECOND);
        long beforeNs = now(MONOTONIC);
        set(MONOTONIC, beforeNs + SECOND);
        alarmq.makeAvailable();
        migrate();
        assertEquals(beforeNs, now(MONOTONIC));
        destination.clock().advance(1_001 * SECOND);
        assertEquals(beforeNs + SECOND, now(MONOTONIC));
        assertEquals(MONOTONIC, alarmq.awaitNotification());
    }

    static LongStream features() {
        return LongStream.of(VERSION_1 | INDIRECT_DESC, VERSION_1 | EVENT_IDX, VERSION_1 | RING_PACKED,
                VERSION_1 | RING_PACKED | EVENT_IDX | INDIRECT_DESC);
    }

    @ParameterizedTest
    @MethodSource("features")
    @Proves("migration-state-03")
    void aGuestReadsOnInEitherRingFormat(long features) throws Exception {
        destination.create("vm1", CLOCKS, Devices.POLL_WINDOW);
        source.create("vm1", CLOCKS, Devices.POLL_WINDOW);
        byte[] request = ofClock(READ, UTC);
        try (var other = new Guest(source.socket("vm1"), features, 8, 0)) {
            for (int i = 1; i < 8; i++) {
                for (int k = 0; k < i; k++) {
                    assertEquals(OK, other.request(request, 16).status());
                }
                other.suspend();
                byte[] state = other.frontEnd().save();
                other.resumeAt((i % 2 == 1 ? destination : source).socket("vm1"), state);
            }
            assertEquals(OK, other.request(request, 16).status());
        }
    }

    /** "If the migration fails, then the source can transparently resume operation until another migration attempt is made." */
    @Test
    @Proves({"migration-log-06", "suspended-01", "suspended-02", "suspended-03", "suspended-04"})
    void theSourceGoesOnIfTheMigrationFails() throws Exception {
        set(UTC, now(UTC) + SECOND);
        alarmq.makeAvailable();
        byte[] state = suspend();
        // Of what was asked before.
        if (Libc.awaitReadable(guest.call(), 0)) {
            Libc.readCount(guest.call());
        }
        byte[] memory = guest.memory().read(guest.memory().guestAddress(), (int) guest.memory().sizeBytes());
        source.clock().advance(2 * SECOND);
        source.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().expirations() == 1);
        assertTrue(Arrays.equals(memory,
                guest.memory().read(guest.memory().guestAddress(), (int) guest.memory().sizeBytes())));
        assertFalse(Libc.awaitReadable(guest.call(), 0));
        assertEquals(2, guest.frontEnd().askU64(FrontEnd.GET_QUEUE_NUM));
        assertFalse(Arrays.equals(state, guest.frontEnd().save()), "the alarm has expired since");
        guest.setUpAgain();
        alarmq.resume();
        assertEquals(UTC, alarmq.awaitNotification());
        assertEquals(OK, guest.request(ofClock(READ, UTC), 16).status());
    }

    @Test
    @Proves("migration-state-04")
    void aStateThatIsTornOrDamagedChangesNothing() throws Exception {
        set(UTC, now(UTC) + 10 * SECOND);
        byte[] state = suspend();
        DeviceStatus.Alarm before = alarm(destination, UTC);
        try (var frontEnd = connect()) {
            for (int bytes = 0; bytes < state.length; bytes++) {
                assertNotEquals(0, frontEnd.load(Arrays.copyOf(state, bytes)));
            }
            byte[] newer = state.clone();
            newer[8]++;
            assertNotEquals(0, frontEnd.load(newer));
            byte[] damaged = state.clone();
            damaged[24]++;
            assertNotEquals(0, frontEnd.load(damaged));
            assertEquals(before, alarm(destination, UTC));
            assertEquals(0, frontEnd.load(state));
            assertEquals(alarm(source, UTC).timeNs(), alarm(destination, UTC).timeNs());
        }
    }

    private FrontEnd connect() throws IOException {
        var frontEnd = new FrontEnd(destination.socket("vm0"));
        frontEnd.negotiate(Guest.FEATURES | Alarmq.F_ALARM);
        return frontEnd;
    }

    @Test
    void aDeviceWithOtherClocksRefusesTheState() throws Exception {
        destination.create("fewer", CLOCKS.subList(0, 1), Devices.POLL_WINDOW);
        destination.create("other", CLOCKS.reversed(), Devices.POLL_WINDOW);
        byte[] state = suspend();
        for (String name : List.of("fewer", "other")) {
            try (var frontEnd = new FrontEnd(destination.socket(name))) {
                frontEnd.negotiate(Guest.FEATURES);
                assertNotEquals(0, frontEnd.load(state));
                assertEquals(0, frontEnd.load(frontEnd.save()), "its own");
            }
        }
    }

    /** "The back-end must not both indicate an error and return a file descriptor." */
    @Test
    @Proves({"migration-state-05", "migration-state-04"})
    void whatCannotBeTransferredIsRefusedWithoutADescriptor() throws Exception {
        assertEquals(OK, guest.request(ofClock(READ, UTC), 16).status());
        assertRefused(guest.frontEnd(), SAVE, STOPPED);
        assertRefused(guest.frontEnd(), LOAD, STOPPED);
        assertEquals(OK, guest.request(ofClock(READ, UTC), 16).status(), "it still runs");
        suspend();
        assertRefused(guest.frontEnd(), 2, STOPPED);
        assertRefused(guest.frontEnd(), SAVE, 1);
        assertRefused(guest.frontEnd().transfer(SAVE, STOPPED));
        assertNotEquals(0, guest.frontEnd().askU64(CHECK_DEVICE_STATE), "nothing was transferred");
        guest.frontEnd().save();
        assertNotEquals(0, guest.frontEnd().askU64(CHECK_DEVICE_STATE), "it was checked before");
    }

    private static void assertRefused(FrontEnd frontEnd, int direction, int phase) throws IOException {
        try (Descriptor offered = Libc.pipe()) {
            assertRefused(frontEnd.transfer(direction, phase, offered));
        }
    }

    private static void assertRefused(FrontEnd.Transfer transfer) {
        assertEquals(1 | NO_DESCRIPTOR, transfer.result());
        assertNull(transfer.end());
    }

    /** "Using this function requires prior negotiation of the VHOST_USER_PROTOCOL_F_DEVICE_STATE feature." */
    @Test
    @Proves("migration-state-06")
    void withoutTheProtocolFeatureNothingIsTransferred() throws Exception {
        try (var frontEnd = new FrontEnd(destination.socket("vm0"))) {
            assertThrows(IOException.class, () -> frontEnd.transfer(SAVE));
        }
        destination.await("vm0", status -> status.state() == DeviceState.WAITING);
        try (var frontEnd = new FrontEnd(destination.socket("vm0"))) {
            assertThrows(IOException.class, () -> frontEnd.askU64(CHECK_DEVICE_STATE));
        }
    }

    /** A front-end that never ends its transfer does not hold the loop, and is told that nothing was loaded. */
    @Test
    void aStateWhoseEndIsNotClosedIsNotLoaded() throws Exception {
        byte[] state = suspend();
        try (var frontEnd = connect()) {
            FrontEnd.Transfer transfer = frontEnd.transfer(LOAD);
            try (Descriptor stillOpen = transfer.duplicate()) {
                transfer.write(state);
                assertNotEquals(0, frontEnd.askU64(CHECK_DEVICE_STATE));
                assertThrows(IOException.class, () -> FrontEnd.Transfer.over(stillOpen).write(state));
            }
            assertEquals(0, frontEnd.load(state));
        }
    }

    /** The front-end does not wait for ever with a state that does not fit into the pipe. */
    @Test
    void aStateThatIsTooLongEndsTheTransfer() throws Exception {
        try (var frontEnd = connect()) {
            FrontEnd.Transfer transfer = frontEnd.transfer(LOAD);
            assertThrows(IOException.class, () -> transfer.write(new byte[1 << 20]));
            assertNotEquals(0, frontEnd.askU64(CHECK_DEVICE_STATE));
        }
    }

    @Test
    void aTransferThatIsBegunAgainReplacesTheOneBefore() throws Exception {
        byte[] state = suspend();
        try (var frontEnd = connect()) {
            FrontEnd.Transfer first = frontEnd.transfer(LOAD);
            FrontEnd.Transfer second = frontEnd.transfer(LOAD);
            assertThrows(IOException.class, () -> first.write(state));
            second.write(state);
            assertEquals(0, frontEnd.askU64(CHECK_DEVICE_STATE));
        }
    }

    @Test
    void aRingThatStartsDuringTheTransferEndsIt() throws Exception {
        byte[] state = suspend();
        FrontEnd.Transfer transfer = guest.frontEnd().transfer(LOAD);
        transfer.write(state);
        guest.setUpAgain();
        assertEquals(OK, guest.request(ofClock(READ, UTC), 16).status());
        assertNotEquals(0, guest.frontEnd().askU64(CHECK_DEVICE_STATE));
    }

    @Test
    void noDescriptorIsLeftBehind() throws Exception {
        byte[] state = suspend();
        try (var frontEnd = connect()) {
            frontEnd.load(state);
            long before = OpenDescriptors.settled();
            for (int i = 0; i < 50; i++) {
                frontEnd.load(frontEnd.save());
                frontEnd.load(Arrays.copyOf(state, i));
            }
            assertEquals(before, OpenDescriptors.settled());
            frontEnd.transfer(LOAD);
        }
        destination.await("vm0", status -> status.state() == DeviceState.WAITING);
    }
}
