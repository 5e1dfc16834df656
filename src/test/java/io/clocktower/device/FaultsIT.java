package io.clocktower.device;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static io.clocktower.frontend.Requests.EIO;
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
import io.clocktower.frontend.Guest;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceStatus;
import java.nio.file.Files;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a guest sees of faults, over a real socket with a host's clock that the test moves. */
class FaultsIT {

    private static final int ENABLED = 1;
    private static final int UTC = 0;
    private static final int MONOTONIC = 1;
    private static final int TAI = 2;
    private static final int SMEARED = 3;
    private static final long SECOND = 1_000_000_000L;
    private static final long TAI_LESS_UTC = ManualHostClock.TAI_MINUS_UTC_NS;
    private static final Effect FIVE_MINUTES_BACK = new Effect.Step(-300 * SECOND);

    private Devices devices;
    private Guest guest;
    private Alarmq alarmq;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
        devices.create("vm0", List.of(clock(ClockType.UTC, Smearing.UNSPECIFIED, true),
                clock(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true),
                clock(ClockType.TAI, Smearing.UNSPECIFIED, false),
                clock(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, false)), Devices.POLL_WINDOW);
        guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
        alarmq = new Alarmq(guest);
    }

    private static ClockSpec clock(ClockType type, Smearing smearing, boolean alarm) {
        return new ClockSpec(type, smearing, alarm);
    }

    @AfterEach
    void stop() throws Exception {
        alarmq.close();
        guest.close();
        devices.close();
    }

    private long read(int clockId) {
        var response = guest.request(ofClock(READ, clockId), 16);
        assertEquals(OK, response.status());
        return response.le64(8);
    }

    /** How far a clock is from true time. */
    private long offset(int clockId) {
        return read(clockId) - switch (clockId) {
            case UTC, SMEARED -> devices.clock().realtimeNs();
            case TAI -> devices.clock().taiNs();
            default -> devices.clock().boottimeNs();
        };
    }

    private DeviceStatus inject(String id, FaultRequest request) throws DeviceException {
        return devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.of(id), request).after();
    }

    private DeviceStatus revert(String id) throws DeviceException {
        return devices.host().changes().revert("vm0", DeviceVersion.ANY, fault -> fault.id().equals(id)).after();
    }

    private void enableAlarm(int clockId, long timeNs) {
        assertEquals(OK, guest.request(setAlarm(clockId, timeNs, ENABLED), 8).status());
    }

    private DeviceStatus.Alarm alarm(int clockId) throws Exception {
        return devices.status("vm0").clocks().get(clockId).alarm().orElseThrow();
    }

    private void assertNoNotification() {
        read(UTC);
        assertFalse(alarmq.hasNotification());
    }

    @Test
    void anOffsetIsSeenByTheNextReadingOfEveryClockButTheMonotonicOne() throws Exception {
        assertEquals(0, offset(UTC));
        DeviceStatus status = inject("offset", of(FIVE_MINUTES_BACK));
        for (int id : new int[]{UTC, TAI, SMEARED}) {
            assertEquals(-300 * SECOND, offset(id));
            assertEquals(-300 * SECOND, status.clocks().get(id).reading().offsetNs().orElseThrow().longValueExact());
            assertEquals(List.of("offset"), status.clocks().get(id).faults());
        }
        assertEquals(0, offset(MONOTONIC));
        assertEquals(List.of(), status.clocks().get(MONOTONIC).faults());
    }

    /** A guest that reads all the while sees each change once, whole, and in their order. */
    @Test
    void aChangeTakesEffectBetweenTwoReadings() throws Exception {
        var changes = Thread.ofPlatform().start(() -> {
            for (int i = 1; i <= 200; i++) {
                try {
                    inject("offset", of(new Effect.Step(i * SECOND)));
                } catch (DeviceException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        long last = 0;
        while (changes.isAlive()) {
            long offset = offset(UTC);
            assertTrue(offset >= last && offset % SECOND == 0, () -> "offset " + offset);
            last = offset;
        }
        changes.join();
        assertEquals(200 * SECOND, offset(UTC));
    }

    @Test
    void aDurationEndsToTheNanosecondThoughTheLoopsTimerIsLate() throws Exception {
        inject("offset", lasting(10 * SECOND, of(FIVE_MINUTES_BACK)));
        devices.clock().advanceUnnoticed(10 * SECOND - 1);
        assertEquals(-300 * SECOND, offset(UTC));
        devices.clock().advanceUnnoticed(1);
        assertEquals(0, offset(UTC));
        assertEquals(List.of(), devices.status("vm0").clocks().get(UTC).faults());
        devices.clock().advance(0);
        devices.await("vm0", status -> status.faults().isEmpty());
    }

    @Test
    void aRevertRestoresTrueTimeAtOnce() throws Exception {
        inject("a", of(FIVE_MINUTES_BACK));
        inject("b", of(new Effect.Drift(SECOND)));
        devices.clock().advance(10 * SECOND);
        assertEquals(-290 * SECOND, offset(UTC));
        revert("a");
        assertEquals(10 * SECOND, offset(UTC));
        devices.host().changes().revert("vm0", DeviceVersion.ANY, _ -> true);
        assertEquals(0, offset(UTC));
        long revision = devices.status("vm0").version().revision();
        assertEquals(revision, revert("a").version().revision(), "there is nothing to revert");
    }

    @Test
    void faultsAreComposed() throws Exception {
        inject("freeze", of(new Effect.Freeze()));
        long frozenNs = read(UTC);
        devices.clock().advance(100 * SECOND);
        assertEquals(frozenNs, read(UTC));
        inject("drift", of(new Effect.Drift(500_000_000)));
        devices.clock().advance(10 * SECOND);
        assertEquals(frozenNs + 5 * SECOND, read(UTC));
        revert("freeze");
        assertEquals(5 * SECOND, offset(UTC));
    }

    @Test
    void aFaultBeginsAtItsStart() throws Exception {
        Instant start = Instant.EPOCH.plusNanos(ManualHostClock.UTC_NS + 60 * SECOND);
        DeviceStatus status = inject("set", from(start, lasting(10 * SECOND, of(new Effect.SetTime(5 * SECOND)))));
        assertFalse(status.faults().getFirst().fault().isActive());
        devices.clock().advance(60 * SECOND - 1);
        assertEquals(0, offset(UTC));
        devices.clock().advance(1);
        devices.await("vm0", now -> now.faults().getFirst().fault().isActive());
        devices.clock().advance(SECOND);
        assertEquals(6 * SECOND, read(UTC));
        devices.clock().advance(9 * SECOND);
        assertEquals(0, offset(UTC));
    }

    @Test
    void whetherTheGuestHasSeenAFaultIsTold() throws Exception {
        read(UTC);
        inject("f", of(UTC, FIVE_MINUTES_BACK));
        DeviceStatus before = devices.status("vm0");
        assertEquals(0, before.faults().getFirst().reads());
        assertEquals(Optional.of(0L), before.clocks().get(UTC).readsSinceFault());
        assertEquals(1, before.clocks().get(UTC).reads());
        read(TAI);
        read(UTC);
        read(UTC);
        DeviceStatus after = devices.status("vm0");
        assertEquals(2, after.faults().getFirst().reads());
        assertEquals(Optional.of(2L), after.clocks().get(UTC).readsSinceFault());
        assertEquals(Optional.empty(), after.clocks().get(TAI).readsSinceFault());
    }

    @Test
    void aMonotonicClockStandsStillUntilItsTimeHasCaughtUp() throws Exception {
        long beginNs = read(MONOTONIC);
        inject("drift", of(MONOTONIC, new Effect.Drift(SECOND)));
        devices.clock().advance(10 * SECOND);
        assertEquals(beginNs + 20 * SECOND, read(MONOTONIC));
        revert("drift");
        assertEquals(beginNs + 20 * SECOND, read(MONOTONIC));
        devices.clock().advance(9 * SECOND);
        assertEquals(beginNs + 20 * SECOND, read(MONOTONIC));
        assertEquals(beginNs + 20 * SECOND, devices.status("vm0").clocks().get(MONOTONIC).reading().servedNs());
        devices.clock().advance(2 * SECOND);
        assertEquals(0, offset(MONOTONIC));
    }

    @Test
    void aTimeOutOfRangeIsAnErrorAndNoReading() throws Exception {
        inject("set", of(UTC, new Effect.SetTime(-2 - TAI_LESS_UTC - 10 * SECOND)));
        devices.clock().advance(11 * SECOND);
        assertEquals(EIO, guest.request(ofClock(READ, UTC), 16).status());
        assertEquals(Optional.empty(), devices.status("vm0").clocks().get(UTC).reading().offsetNs());
        assertEquals(0, offset(TAI));
        revert("set");
        assertEquals(0, offset(UTC));
    }

    @Test
    void whatIsRefusedChangesNothing() throws Exception {
        DeviceStatus before = inject("offset", of(new Effect.Step(SECOND)));
        var refusal = assertThrows(DeviceException.class,
                () -> inject("offset", of(new Effect.Step(Long.MIN_VALUE))));
        assertEquals(Reason.IMPOSSIBLE, refusal.reason());
        assertEquals(SECOND, offset(UTC));
        assertEquals(before.version(), devices.status("vm0").version());
    }

    @Test
    void aJumpOverAnAlarmIsOneNotification() throws Exception {
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        inject("jump", of(new Effect.Step(3_600 * SECOND)));
        assertEquals(UTC, alarmq.awaitNotification());
        devices.clock().advance(60 * SECOND);
        assertNoNotification();
        assertEquals(1, alarm(UTC).notifications());
    }

    /** It comes from before the time to past it again. */
    @Test
    void aClockThatFallsBackComesToTheAlarmAgain() throws Exception {
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        inject("jump", of(new Effect.Step(3_600 * SECOND)));
        assertEquals(UTC, alarmq.awaitNotification());
        revert("jump");
        assertNoNotification();
        assertFalse(alarm(UTC).isReached());
        devices.clock().advance(60 * SECOND - 1);
        assertNoNotification();
        devices.clock().advance(1);
        assertEquals(UTC, alarmq.awaitNotification());
        assertEquals(2, alarm(UTC).expirations());
    }

    @Test
    void aJumpBackAndForwardBeforeTheAlarmIsNoNotification() throws Exception {
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        inject("jump", of(FIVE_MINUTES_BACK));
        devices.clock().advance(100 * SECOND);
        assertNoNotification();
        inject("jump", of(new Effect.Step(-50 * SECOND)));
        assertNoNotification();
        devices.clock().advance(10 * SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void anAlarmThatEndsWithAFaultsEndIsNotified() throws Exception {
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        inject("back", lasting(100 * SECOND, of(FIVE_MINUTES_BACK)));
        devices.clock().advance(100 * SECOND - 1);
        assertNoNotification();
        devices.clock().advance(1);
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void theAlarmOfAFrozenClockComesWhenItGoesOn() throws Exception {
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        inject("freeze", of(new Effect.Freeze()));
        devices.clock().advance(3_600 * SECOND);
        assertNoNotification();
        revert("freeze");
        assertEquals(UTC, alarmq.awaitNotification());
    }

    @Test
    void anAlarmFollowsADrift() throws Exception {
        alarmq.makeAvailable();
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        enableAlarm(MONOTONIC, read(MONOTONIC) + 60 * SECOND);
        inject("drift", of(UTC, new Effect.Drift(SECOND)));
        devices.clock().advance(30 * SECOND - 1);
        assertNoNotification();
        devices.clock().advance(1);
        assertEquals(UTC, alarmq.awaitNotification());
        alarmq.makeAvailable();
        devices.clock().advance(30 * SECOND - 1);
        assertNoNotification();
        devices.clock().advance(1);
        assertEquals(MONOTONIC, alarmq.awaitNotification());
    }

    @Test
    void aStrobeIsSeenPeriodByPeriodAndReachesAlarms() throws Exception {
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        inject("strobe", of(new Effect.Strobe(100 * SECOND, 10 * SECOND)));
        enableAlarm(UTC, devices.clock().realtimeNs() + 115 * SECOND);
        for (int period = 0; period < 2; period++) {
            assertEquals(period == 0 ? 100 * SECOND : 0, offset(UTC));
            devices.clock().advance(10 * SECOND - 1);
            assertEquals(period == 0 ? 100 * SECOND : 0, offset(UTC));
            devices.clock().advance(1);
        }
        // A strobe is looked at for alarms once a millisecond at the most.
        devices.clock().advance(1_000_000);
        assertEquals(UTC, alarmq.awaitNotification());
        assertEquals(100 * SECOND, offset(UTC));
    }

    @Test
    void jitterStaysInItsRangeAndIsTheSameForOneSeed() throws Exception {
        inject("jitter", of(TAI, new Effect.Jitter(SECOND, 1_000, 42)));
        inject("other", of(UTC, new Effect.Jitter(SECOND, 1_000, 42)));
        boolean isMoved = false;
        for (int i = 0; i < 50; i++) {
            long offset = offset(TAI);
            assertTrue(Math.abs(offset) <= SECOND, () -> "offset " + offset);
            assertEquals(offset, offset(UTC));
            isMoved |= offset != 0;
            devices.clock().advance(1_000);
        }
        assertTrue(isMoved);
    }

    /** UTC shows 23:59:59 twice, the smeared clock is half a second behind at midnight, TAI runs on. */
    @Test
    void aLeapSecondIsRehearsed() throws Exception {
        long midnightNs = LocalDate.of(2026, 12, 1).toEpochDay() * 86_400 * SECOND;
        inject("leap", of(new Effect.LeapSecond(LocalDate.of(2026, 11, 30), 1)));
        assertEquals(0, offset(UTC));
        devices.clock().advance(midnightNs - SECOND - devices.clock().realtimeNs());
        assertEquals(midnightNs - SECOND, read(UTC));
        devices.clock().advance(SECOND - 1);
        assertEquals(midnightNs - 1, read(UTC));
        devices.clock().advance(1);
        assertEquals(midnightNs - SECOND, read(UTC));
        assertEquals(midnightNs + TAI_LESS_UTC, read(TAI));
        assertEquals(-SECOND / 2, offset(SMEARED), 20_000);
        devices.clock().advance(SECOND);
        assertEquals(midnightNs, read(UTC));
        devices.clock().advance(43_200 * SECOND);
        assertEquals(-SECOND, offset(UTC));
        assertEquals(-SECOND, offset(SMEARED));
        assertEquals(0, offset(TAI));
        revert("leap");
        assertEquals(0, offset(UTC));
    }

    @Test
    void anAlarmIsForcedOnceAndCountedApart() throws Exception {
        alarmq.makeAvailable();
        alarmq.makeAvailable();
        assertEquals(Reason.CONFLICT,
                assertThrows(DeviceException.class,
                        () -> devices.host().changes().expire("vm0", DeviceVersion.ANY, UTC)).reason());
        assertEquals(Reason.NOT_FOUND,
                assertThrows(DeviceException.class,
                        () -> devices.host().changes().expire("vm0", DeviceVersion.ANY, TAI)).reason());
        assertEquals(Reason.NOT_FOUND,
                assertThrows(DeviceException.class, () -> devices.host().changes().expire("vm0", DeviceVersion.ANY, 4))
                        .reason());
        enableAlarm(UTC, read(UTC) + 60 * SECOND);
        devices.host().changes().expire("vm0", DeviceVersion.ANY, UTC);
        assertEquals(UTC, alarmq.awaitNotification());
        assertNoNotification();
        assertEquals(1, alarm(UTC).forced());
        assertEquals(0, alarm(UTC).expirations());
        assertEquals(1, alarm(UTC).notifications());
        devices.clock().advance(60 * SECOND);
        assertEquals(UTC, alarmq.awaitNotification());
        assertEquals(1, alarm(UTC).expirations());
    }

    @Test
    void aChangeForAnotherVersionIsRefused() throws Exception {
        DeviceVersion seen = devices.status("vm0").version();
        inject("offset", of(new Effect.Step(SECOND)));
        var refusal = assertThrows(DeviceException.class, () -> devices.host().changes().inject("vm0", seen::equals,
                Optional.of("offset"), of(FIVE_MINUTES_BACK)));
        assertEquals(Reason.CHANGED, refusal.reason());
        assertEquals(SECOND, offset(UTC));
        assertEquals(Reason.CHANGED, assertThrows(DeviceException.class,
                () -> devices.host().remove("vm0", seen::equals, true)).reason());
    }

    @Test
    void aDeviceWithAVirtualMachineIsRemovedByForceAlone() throws Exception {
        assertEquals(Reason.CONFLICT, assertThrows(DeviceException.class,
                () -> devices.host().remove("vm0", DeviceVersion.ANY, false)).reason());
        assertEquals(0, offset(UTC));
        devices.host().remove("vm0", DeviceVersion.ANY, true);
        guest.frontEnd().awaitClosed();
        assertEquals(Reason.NOT_FOUND, assertThrows(DeviceException.class,
                () -> inject("a", of(FIVE_MINUTES_BACK))).reason());
        assertFalse(Files.exists(devices.socket("vm0")));
    }
}
