package io.clocktower.rtc;

import io.clocktower.clock.ServedClock;

/**
 * The alarm of one clock. VIRTIO 1.4, "Alarm Operation".
 *
 * <p>
 * An enabled alarm expires when its clock reaches or passes the alarm time. It also expires when it is enabled, or
 * retained over a reset, with a time that is not in the future. Each expiration causes one notification. That waits until
 * it can be sent; if the alarm expires again before, that is the same expiration. Disabling the alarm, or setting another
 * time, drops an expiration that waits.
 *
 * <p>
 * Each event comes with the clock's reading, and its method returns whether the alarm expired. Times are unsigned
 * nanoseconds on the clock.
 */
final class Alarm {

    private long timeNs;
    private boolean isEnabled;
    private boolean isReached;
    private boolean isWaiting;
    /** Whether it has expired, by its time, and the driver has not been notified: the same time is not a second expiration. */
    private boolean isExpired;
    private long expirations;
    private long notifications;
    private long forced;

    /** An alarm that was never set. */
    Alarm() {}

    /** An alarm with an earlier status. */
    Alarm(AlarmStatus before) {
        timeNs = before.timeNs();
        isEnabled = before.isEnabled();
        isReached = before.isReached();
        isWaiting = before.isWaiting();
        isExpired = isWaiting && isReached && isEnabled;
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

    /** Whether its clock has reached its time. */
    boolean isReached() {
        return isReached;
    }

    /** Whether an expiration waits for its notification. */
    boolean isWaiting() {
        return isWaiting;
    }

    /** Whether a notification will follow: now, or when the clock reaches the time. */
    boolean isPending() {
        return isWaiting || isEnabled && !isReached;
    }

    /** "the device MUST accept any alarm_time value". */
    boolean set(long timeNs, boolean isEnabled, long readingNs) {
        isExpired &= timeNs == this.timeNs;
        this.timeNs = timeNs;
        return setEnabled(isEnabled, readingNs);
    }

    boolean setEnabled(boolean isEnabled, long readingNs) {
        this.isEnabled = isEnabled;
        isExpired &= isEnabled;
        isWaiting = false;
        isReached = reaches(readingNs);
        return isReached && expire();
    }

    /** The clock advanced or stepped. */
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

    /** Answers whether that is a new expiration. */
    private boolean expire() {
        if (!isEnabled) {
            return false;
        }
        isWaiting = true;
        if (isExpired) {
            return false;
        }
        isExpired = true;
        expirations++;
        return true;
    }

    /** Expires the alarm on demand, whatever its time. It must be enabled. */
    void force() {
        isWaiting = true;
        forced++;
    }

    AlarmStatus status(int clockId) {
        return new AlarmStatus(clockId, timeNs, isEnabled, isReached, isWaiting, expirations, notifications, forced);
    }

    void onNotified() {
        isWaiting = false;
        isExpired = false;
        notifications++;
    }

    private boolean reaches(long readingNs) {
        return ServedClock.isRepresentable(readingNs) && Long.compareUnsigned(readingNs, timeNs) >= 0;
    }
}
