package io.clocktower.rtc;

/**
 * An alarm at one time.
 *
 * @param clockId the clock it belongs to
 * @param timeNs when it is due on that clock, unsigned
 * @param isReached whether its clock has reached that time
 * @param isWaiting whether an expiration waits for a buffer or for a driver
 * @param expirations how often it expired
 * @param notifications how many expirations the driver was notified of
 * @param forced how often an operator expired it; not counted in {@code expirations}
 */
public record AlarmStatus(int clockId, long timeNs, boolean isEnabled, boolean isReached, boolean isWaiting,
        long expirations, long notifications, long forced) {}
