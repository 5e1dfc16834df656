package io.clocktower.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ServedClock;
import io.clocktower.conformance.Proves;
import org.junit.jupiter.api.Test;

/** VIRTIO 1.4, "Alarm Operation", of one alarm. */
class AlarmTest {

    private static final long TIME = 1_000;

    private final Alarm alarm = new Alarm();

    /** "Initially, the alarm time is 0, and the alarm is disabled." */
    @Test
    void initiallyTheTimeIsZeroAndTheAlarmDisabled() {
        assertEquals(0, alarm.timeNs());
        assertFalse(alarm.isEnabled());
        alarm.onReading(5);
        assertFalse(alarm.isWaiting());
    }

    /** "when the associated clock progresses (also: steps) from a time prior to the alarm time to the alarm time". */
    @Test
    @Proves("rtc-alarm-07")
    void itExpiresWhenTheClockReachesItsTime() {
        alarm.set(TIME, true, TIME - 1);
        assertFalse(alarm.isWaiting());
        alarm.onReading(TIME);
        assertTrue(alarm.isWaiting());
    }

    /** "or to a time after the alarm time". */
    @Test
    @Proves("rtc-alarm-07")
    void itExpiresWhenTheClockStepsPastItsTime() {
        alarm.set(TIME, true, 0);
        alarm.onReading(TIME + 1_000_000);
        assertTrue(alarm.isWaiting());
    }

    /** A guest that was suspended when the alarm was due resets the device when it resumes, and sets the same alarm again. */
    @Test
    void anAlarmThatTheGuestWasNotNotifiedOfExpiresOnceOverAResetAndTheSameTimeSetAgain() {
        alarm.set(TIME, true, 0);
        assertTrue(alarm.onReading(TIME));
        assertFalse(alarm.onReset(TIME + 5));
        assertFalse(alarm.set(TIME, true, TIME + 6));
        assertTrue(alarm.isWaiting());
        assertEquals(1, alarm.status(0).expirations());

        alarm.onNotified();
        assertTrue(alarm.onReset(TIME + 7), "one that it was notified of expires again at a reset");
        assertTrue(alarm.set(TIME + 1, true, TIME + 8), "another time is another expiration");
        assertEquals(3, alarm.status(0).expirations());
    }

    @Test
    void itExpiresOnceHoweverOftenTheClockIsLookedAt() {
        alarm.set(TIME, true, 0);
        alarm.onReading(TIME);
        alarm.onNotified();
        alarm.onReading(TIME + 1);
        alarm.onReading(TIME + 2);
        assertFalse(alarm.isWaiting());
        assertEquals(1, alarm.status(0).expirations());
    }

    /** "the alarm expires each time when one of the above expiration events occurs, even if it occurred before". */
    @Test
    @Proves("rtc-alarm-07")
    void itExpiresAgainWhenTheClockStepsBackAndComesPastItsTimeOnceMore() {
        alarm.set(TIME, true, 0);
        alarm.onReading(TIME);
        alarm.onNotified();
        alarm.onReading(TIME - 500);
        assertFalse(alarm.isWaiting());
        alarm.onReading(TIME);
        assertTrue(alarm.isWaiting());
    }

    /** "when the driver sets an alarm time which the associated clock has already reached or passed, ... enabled". */
    @Test
    @Proves("rtc-alarm-08")
    void itExpiresWhenItIsSetToATimeThatIsNotInTheFuture() {
        alarm.set(TIME, true, TIME);
        assertTrue(alarm.isWaiting());
    }

    /** "when the driver sets the alarm to enabled, if the clock has already reached or passed the alarm time". */
    @Test
    @Proves("rtc-alarm-09")
    void itExpiresWhenItIsEnabledAfterItsTime() {
        alarm.set(TIME, false, 0);
        alarm.onReading(TIME + 5);
        assertFalse(alarm.isWaiting());
        alarm.setEnabled(true, TIME + 5);
        assertTrue(alarm.isWaiting());
    }

    /** "the device MUST consider this device reset an alarm expiration event, if the alarm is enabled". */
    @Test
    @Proves("rtc-alarm-10")
    void itExpiresAtAResetAfterItsTimeOnlyIfItIsEnabled() {
        alarm.set(TIME, true, TIME);
        alarm.onNotified();
        alarm.onReset(TIME + 1);
        assertTrue(alarm.isWaiting());

        alarm.setEnabled(false, TIME + 2);
        alarm.onReset(TIME + 3);
        assertFalse(alarm.isWaiting());
    }

    @Test
    void itDoesNotExpireAtAResetBeforeItsTime() {
        alarm.set(TIME, true, 0);
        alarm.onReset(TIME - 1);
        assertFalse(alarm.isWaiting());
        alarm.onReading(TIME);
        assertTrue(alarm.isWaiting());
    }

    /** "the device MUST stop serving any previous alarm expiration event for C before the device uses the response". */
    @Test
    @Proves({"rtc-alarm-16", "rtc-alarm-control-11"})
    void disablingDropsTheExpirationThatWaits() {
        alarm.set(TIME, true, TIME);
        alarm.setEnabled(false, TIME);
        assertFalse(alarm.isWaiting());
        alarm.onReading(TIME + 1);
        assertFalse(alarm.isWaiting());
    }

    @Test
    @Proves("rtc-alarm-17")
    void settingItAnewDropsTheExpirationThatWaits() {
        alarm.set(TIME, true, TIME);
        alarm.set(TIME + 100, true, TIME);
        assertFalse(alarm.isWaiting());
    }

    /** "the device MUST retain the alarm time". */
    @Test
    @Proves("rtc-alarm-control-12")
    void enablingAndDisablingRetainTheTime() {
        alarm.set(TIME, true, 0);
        alarm.setEnabled(false, 0);
        assertEquals(TIME, alarm.timeNs());
        alarm.setEnabled(true, 0);
        assertEquals(TIME, alarm.timeNs());
    }

    /** "the device MUST accept any alarm_time value": times are unsigned. */
    @Test
    @Proves("rtc-alarm-control-06")
    void theLastTimeThereIsLiesInTheFuture() {
        alarm.set(-1L, true, Long.MAX_VALUE);
        assertFalse(alarm.isWaiting());
        alarm.onReading(-2L);
        assertFalse(alarm.isWaiting());
        alarm.set(0, true, 0);
        assertTrue(alarm.isWaiting());
    }

    @Test
    void aClockWhoseReadingCannotBeRepresentedReachesNothing() {
        alarm.set(0, true, ServedClock.UNREPRESENTABLE);
        assertFalse(alarm.isWaiting());
        alarm.onReading(0);
        assertTrue(alarm.isWaiting());
    }
}
