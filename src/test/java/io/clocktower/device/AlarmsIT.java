package io.clocktower.device;

import static io.clocktower.frontend.Requests.CLOCK_CAP;
import static io.clocktower.frontend.Requests.EINVAL;
import static io.clocktower.frontend.Requests.ENODEV;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.READ_ALARM;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static io.clocktower.frontend.Requests.setAlarmEnabled;
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
import io.clocktower.frontend.Guest.Response;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VIRTIO 1.4, "Alarm Operation", over a real socket with a host's clock that the test moves. */
class AlarmsIT {

    private static final int ENABLED = 1;
    private static final int UTC = 0;
    private static final int MONOTONIC = 1;
    private static final int WITHOUT_ALARM = 2;
    private static final long SECOND = 1_000_000_000L;

    private Devices devices;
    private Guest guest;
    private Alarmq alarmq;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
        devices.create("vm0", List.of(new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
                new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true),
                new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false)), Devices.POLL_WINDOW);
        connect();
    }

    private void connect() throws Exception {
        guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
        alarmq = new Alarmq(guest);
    }

    private void disconnect() throws Exception {
        alarmq.close();
        guest.close();
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
    }

    @AfterEach
    void stop() throws Exception {
        alarmq.close();
        guest.close();
        devices.close();
    }

    private long now(int clockId) {
        return guest.request(ofClock(READ, clockId), 16).le64(8);
    }

    private void set(int clockId, long timeNs, int flags) {
        assertEquals(OK, guest.request(setAlarm(clockId, timeNs, flags), 8).status());
    }

    /** An answered request shows that whatever the device did before it has been done. */
    private void assertNoNotification() {
        now(UTC);
        assertFalse(alarmq.hasNotification());
    }

    /** "the device MUST set the VIRTIO_RTC_FLAG_ALARM_CAP flag ... if the respective clock supports alarm messages". */
    @Test
    @Proves("rtc-alarm-06")
    void clockCapTellsWhichClocksHaveAnAlarm() {
        assertEquals(1, guest.request(ofClock(CLOCK_CAP, UTC), 16).bytes()[10]);
        assertEquals(1, guest.request(ofClock(CLOCK_CAP, MONOTONIC), 16).bytes()[10]);
        assertEquals(0, guest.request(ofClock(CLOCK_CAP, WITHOUT_ALARM), 16).bytes()[10]);
    }

    /** "For VIRTIO_RTC_REQ_READ_ALARM, the device MUST set the alarm_time field to the alarm time." */
    @Test
    @Proves({"rtc-alarm-04", "rtc-alarm-control-03", "rtc-alarm-control-04", "rtc-alarm-control-05",
            "rtc-alarm-control-07", "rtc-alarm-control-08", "rtc-alarm-control-09", "rtc-alarm-control-10",
            "rtc-alarm-control-12", "rtc-operation-14"})
    void readAlarmAnswersWhatWasSet() {
        assertAlarm(UTC, 0, 0);
        set(UTC, 0x0123_4567_89ab_cdefL, ENABLED);
        assertAlarm(UTC, 0x0123_4567_89ab_cdefL, ENABLED);
        assertAlarm(MONOTONIC, 0, 0);
        set(UTC, -1L, 0);
        assertAlarm(UTC, -1L, 0);
        assertEquals(OK, guest.request(setAlarmEnabled(UTC, ENABLED), 8).status());
        assertAlarm(UTC, -1L, ENABLED);
    }

    private void assertAlarm(int clockId, long timeNs, int flags) {
        Response response = guest.request(ofClock(READ_ALARM, clockId), 24);
        assertEquals(OK, response.status());
        assertEquals(24, response.usedLength());
        assertEquals(timeNs, response.le64(8));
        assertEquals(flags, response.le64(16), "flags and reserved");
    }

    /** "If the clock does not support alarm messages, the device MUST set status VIRTIO_RTC_S_ENODEV". */
    @Test
    @Proves({"rtc-alarm-control-02", "rtc-alarm-notification-01"})
    void aClockWithoutAlarmHasNone() {
        for (int clockId : new int[]{WITHOUT_ALARM, 3, 65535}) {
            assertEquals(ENODEV, guest.request(ofClock(READ_ALARM, clockId), 24).status());
            assertEquals(ENODEV, guest.request(setAlarm(clockId, 5, ENABLED), 8).status());
            assertEquals(ENODEV, guest.request(setAlarmEnabled(clockId, ENABLED), 8).status());
        }
        alarmq.makeAvailable();
        devices.clock().advance(SECOND);
        assertNoNotification();
    }

    /** "If VIRTIO_RTC_F_ALARM has not been negotiated, the device MUST NOT support the alarm messages." */
    @Test
    @Proves({"rtc-alarm-05", "rtc-alarm-control-01"})
    void withoutTheFeatureThereIsNoNotification() throws Exception {
        set(UTC, now(UTC) + SECOND, ENABLED);
        disconnect();
        guest = new Guest(devices.socket("vm0"), Guest.FEATURES, 64, 0);
        alarmq = new Alarmq(guest);
        alarmq.makeAvailable();
        for (int clockId : new int[]{UTC, MONOTONIC, WITHOUT_ALARM}) {
            assertEquals(0, guest.request(ofClock(CLOCK_CAP, clockId), 16).bytes()[10]);
            assertEquals(ENODEV, guest.request(ofClock(READ_ALARM, clockId), 24).status());
            assertEquals(ENODEV, guest.request(setAlarm(clockId, 0, ENABLED), 8).status());
            assertEquals(ENODEV, guest.request(setAlarmEnabled(clockId, ENABLED), 8).status());
        }
        devices.clock().advance(2 * SECOND);
        devices.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().isWaiting());
        assertNoNotification();
    }

    @Test
    @Proves("rtc-operation-07")
    void unknownFlagsAreInvalidAndChangeNothing() {
        set(UTC, 77, 0);
        for (int flags : new int[]{2, 3, 0x80, 0xff}) {
            assertEquals(EINVAL, guest.request(setAlarm(UTC, 99, flags), 8).status());
            assertEquals(EINVAL, guest.request(setAlarmEnabled(UTC, flags), 8).status());
        }
        assertAlarm(UTC, 77, 0);
    }

    @Test
    @Proves({"rtc-alarm-04", "rtc-alarm-07", "rtc-alarm-11", "rtc-alarm-12"})
    void theAlarmIsNotifiedWhenItsTimeComesAndNotBefore() {
        alarmq.makeAvailable();
        set(UTC, now(UTC) + SECOND, ENABLED);
        devices.clock().advance(SECOND - 1);
        assertNoNotification();
        devices.clock().advance(1);
        assertEquals(UTC, alarmq.awaitNotification());
        assertNoNotification();
    }

    @Test
    @Proves({"rtc-alarm-04", "rtc-alarm-07"})
    void eachClockHasAnAlarmOfItsOwn() {
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        set(UTC, now(UTC) + 2 * SECOND, ENABLED);
        set(MONOTONIC, now(MONOTONIC) + SECOND, ENABLED);
        devices.clock().advance(SECOND);
        assertEquals(MONOTONIC, alarmq.awaitNotification());
        devices.clock().advance(SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    /** "when the driver sets an alarm time which the associated clock has already reached or passed". */
    @Test
    @Proves({"rtc-alarm-08", "rtc-alarm-11"})
    void anAlarmSetToThePastIsNotifiedAtOnce() {
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    /** "the device MUST use a single VIRTIO_RTC_NOTIF_ALARM notification for E, as soon as an alarmq buffer is available". */
    @Test
    @Proves("rtc-alarm-12")
    void anExpirationWaitsForABuffer() throws Exception {
        set(UTC, 0, ENABLED);
        devices.clock().advance(SECOND);
        assertNoNotification();
        assertTrue(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
        alarmq.makeAvailable();
        assertEquals(UTC, alarmq.awaitNotification());
        assertFalse(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
    }

    @Test
    void aBufferThatIsTooSmallIsGivenBackAndTheNextOneUsed() {
        alarmq.makeAvailable(15);
        alarmq.makeAvailable(64);
        set(UTC, 0, ENABLED);
        now(UTC);
        assertEquals(0, alarmq.driver().takeUsed().length());
        assertEquals(UTC, alarmq.awaitNotification());
    }

    /** "the device MUST stop serving any previous alarm expiration event for C before the device uses the response". */
    @Test
    @Proves({"rtc-alarm-16", "rtc-alarm-control-09"})
    void afterADisableNoNotificationComes() {
        set(UTC, 0, ENABLED);
        set(UTC, 0, 0);
        alarmq.makeAvailable();
        assertNoNotification();
        devices.clock().advance(SECOND);
        assertNoNotification();
    }

    @Test
    @Proves("rtc-alarm-17")
    void reArmingDropsTheOldExpiration() {
        set(UTC, 0, ENABLED);
        set(UTC, now(UTC) + SECOND, ENABLED);
        alarmq.makeAvailable();
        assertNoNotification();
        devices.clock().advance(SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    @Proves("rtc-alarm-07")
    void aStepOfTheHostsClockPastTheAlarmDeliversItAtOnce() {
        alarmq.makeAvailable();
        set(UTC, now(UTC) + 3600 * SECOND, ENABLED);
        devices.clock().set(devices.clock().realtimeNs() + 3600 * SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void aStepOfTheHostsClockBackMovesTheAlarm() {
        alarmq.makeAvailable();
        set(UTC, now(UTC) + SECOND, ENABLED);
        devices.clock().set(devices.clock().realtimeNs() - 10 * SECOND);
        devices.clock().advance(SECOND);
        assertNoNotification();
        devices.clock().advance(10 * SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void anAlarmOnTheMonotonicClockDoesNotMoveWithTheWallClock() {
        alarmq.makeAvailable();
        set(MONOTONIC, now(MONOTONIC) + SECOND, ENABLED);
        devices.clock().set(devices.clock().realtimeNs() + 3600 * SECOND);
        assertNoNotification();
        devices.clock().advance(SECOND);
        assertEquals(MONOTONIC, alarmq.awaitNotification());
    }

    @Test
    @Proves("rtc-alarm-01")
    void alarmsOutliveAReconnection() throws Exception {
        long due = now(UTC) + 10 * SECOND;
        set(UTC, due, ENABLED);
        disconnect();
        devices.clock().advance(20 * SECOND);
        connect();
        assertAlarm(UTC, due, ENABLED);
        alarmq.makeAvailable();
        assertEquals(UTC, alarmq.awaitNotification());
    }

    /** "MUST NOT ... send any used buffer notifications to the driver before DRIVER_OK": the ring is not enabled. */
    @Test
    @Proves({"status-01", "rtc-alarm-12"})
    void anExpirationWaitsForTheRingToBeEnabled() throws Exception {
        guest.frontEnd().must(FrontEnd.SET_VRING_ENABLE, FrontEnd.state(1, 0));
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        devices.clock().advance(SECOND);
        devices.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().isWaiting());
        assertNoNotification();
        guest.frontEnd().must(FrontEnd.SET_VRING_ENABLE, FrontEnd.state(1, 1));
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void buffersOfAStoppedRingAreForgotten() throws Exception {
        alarmq.makeAvailable();
        set(UTC, now(UTC) + SECOND, ENABLED);
        guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(1, 0));
        devices.clock().advance(SECOND);
        devices.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().isWaiting());
        assertNoNotification();
    }

    /** Buffers made available before a reset are forgotten and never completed. */
    @Test
    @Proves("reset-02")
    void buffersOfBeforeAResetAreForgotten() throws Exception {
        alarmq.makeAvailable();
        set(UTC, now(UTC) + SECOND, ENABLED);
        guest.frontEnd().must(FrontEnd.RESET_DEVICE, new byte[0]);
        devices.clock().advance(SECOND);
        devices.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().isWaiting());
        assertFalse(alarmq.hasNotification());
    }

    /** "the device MUST consider this device reset an alarm expiration event, if the alarm is enabled". */
    @Test
    @Proves({"rtc-alarm-01", "rtc-alarm-10"})
    void aResetAfterTheAlarmTimeIsAnExpiration() throws Exception {
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        assertEquals(UTC, alarmq.awaitNotification());
        guest.frontEnd().must(FrontEnd.SET_STATUS, FrontEnd.u64(0));
        assertTrue(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
    }

    /** QEMU resets its device without a word to an RTC back-end: its rings just begin again elsewhere. */
    @Test
    @Proves("rtc-alarm-10")
    void ringsThatBeginAgainAreAReset() throws Exception {
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        assertEquals(UTC, alarmq.awaitNotification());
        guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(1, 0));
        assertFalse(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
        guest.frontEnd().must(FrontEnd.SET_VRING_BASE, FrontEnd.state(1, 0));
        assertTrue(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
    }

    /** One reset of the device by QEMU shows in every ring, in whatever order it sets them up. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Proves("rtc-alarm-10")
    void aResetThatShowsInEveryRingIsOneExpiration(boolean isAlarmqFirst) throws Exception {
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        assertEquals(UTC, alarmq.awaitNotification());
        for (int i = 0; i < 3; i++) {
            long expirations = alarm().expirations();
            guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(0, 0));
            guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(1, 0));
            guest.requestq().startAt(0);
            guest.requestq().forgetDescriptors();
            if (isAlarmqFirst) {
                alarmq.setUpAgain();
                alarmq.makeAvailable();
                alarmq.makeAvailable();
                assertEquals(UTC, alarmq.awaitNotification());
            }
            guest.frontEnd().setRing(0, guest.memory(), guest.requestq(), 0, guest.kickFile(), guest.call(),
                    guest.err());
            if (!isAlarmqFirst) {
                alarmq.setUpAgain();
                alarmq.makeAvailable();
                alarmq.makeAvailable();
                assertEquals(UTC, alarmq.awaitNotification());
            }
            assertFalse(alarm().isWaiting());
            assertEquals(expirations + 1, alarm().expirations());
            now(UTC);
            devices.clock().advance(SECOND);
            assertNoNotification();
        }
    }

    private DeviceStatus.Alarm alarm() throws Exception {
        return devices.status("vm0").clocks().get(UTC).alarm().orElseThrow();
    }

    @Test
    void ringsThatGoOnWhereTheyStoppedAreNoReset() throws Exception {
        alarmq.makeAvailable();
        set(UTC, 0, ENABLED);
        assertEquals(UTC, alarmq.awaitNotification());
        guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(1, 0));
        guest.frontEnd().must(FrontEnd.SET_VRING_BASE, FrontEnd.state(1, 1));
        assertFalse(devices.status("vm0").clocks().get(UTC).alarm().orElseThrow().isWaiting());
    }
}
