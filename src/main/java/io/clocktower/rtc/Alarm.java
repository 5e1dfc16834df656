package io.clocktower.rtc;

import io.clocktower.clock.ServedClock;

/**
 * The alarm of one clock. VIRTIO 1.4, "Alarm Operation".
 *
 * <p>
 * It expires when its clock, while it is enabled, comes from before the alarm time to it or past it, and when it is
 * enabled or retained over a reset with its time not in the future. An expiration is served by one notification, which
 * waits until it can be sent; another expiration meanwhile takes its place. Disabling the alarm or setting it drops the
 * expiration that waits.
 *
 * <p>
 * It is told the clock's reading with each event, and answers whether it expired. Times are unsigned nanoseconds on the
 * clock.
 */
final class Alarm {

    private long timeNs;
    private boolean isEnabled;
    private boolean isReached;
    private boolean isWaiting;
    private long expirations;
    private long notifications;
    private long forced;

    /** An alarm that was never set. */
    Alarm() {}

    /** An alarm as it was before. */
    Alarm(AlarmStatus before) {
        timeNs = before.timeNs();
        isEnabled = before.isEnabled();
        isReached = before.isReached();
        isWaiting = before.isWaiting();
        expirations = before.expirations();
        notifications = before.notifications();
        forced = before.forced();
    }

    long timeNs() {
        return timeNs;
    }

    boolean isEnabled() {
        return isEnabled;
    }

    /** Whether its clock has come to its time. */
    boolean isReached() {
        return isReached;
    }

    /** Whether an expiration waits to be notified. */
    boolean isWaiting() {
        return isWaiting;
    }

    /** Whether the driver is to be notified, now or when the clock comes to the time. */
    boolean isPending() {
        return isWaiting || isEnabled && !isReached;
    }

    /** "the device MUST accept any alarm_time value". */
    boolean set(long timeNs, boolean isEnabled, long readingNs) {
        this.timeNs = timeNs;
        return setEnabled(isEnabled, readingNs);
    }

    boolean setEnabled(boolean isEnabled, long readingNs) {
        this.isEnabled = isEnabled;
        isWaiting = false;
        isReached = reaches(readingNs);
        return isReached && expire();
    }

    /** The clock went on, or stepped. */
    boolean onReading(long readingNs) {
        boolean wasReached = isReached;
        isReached = reaches(readingNs);
        return isReached && !wasReached && expire();
    }

    /** "the device MUST consider this device reset an alarm expiration event, if the alarm is enabled". */
    boolean onReset(long readingNs) {
        isReached = reaches(readingNs);
        return isReached && expire();
    }

    private boolean expire() {
        if (isEnabled) {
            isWaiting = true;
            expirations++;
        }
        return isEnabled;
    }

    /** An expiration that somebody wants, whatever the time. The alarm must be enabled. */
    void force() {
        isWaiting = true;
        forced++;
    }

    AlarmStatus status(int clockId) {
        return new AlarmStatus(clockId, timeNs, isEnabled, isReached, isWaiting, expirations, notifications, forced);
    }

    void onNotified() {
        isWaiting = false;
        notifications++;
    }

    private boolean reaches(long readingNs) {
        return ServedClock.isRepresentable(readingNs) && Long.compareUnsigned(readingNs, timeNs) >= 0;
    }
}
