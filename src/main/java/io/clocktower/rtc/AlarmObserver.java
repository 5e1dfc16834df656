package io.clocktower.rtc;

/**
 * Receives what happens to alarms, on the device's thread. It must not block, and must not allocate unless there is a
 * subscriber. A clock is given by its id.
 */
public interface AlarmObserver {

    /** The driver set an alarm: its time, or whether it is enabled. */
    void onSet(int clockId);

    /** An alarm expired. */
    void onExpired(int clockId);

    /** The driver was notified of an expiration. */
    void onDelivered(int clockId);

    /**
     * Follows each of the calls above. Also called when an alarm's clock was set back or the device was reset.
     *
     * @param isPending whether a notification will follow: the alarm is enabled and its time lies ahead, or an expiration
     *        waits
     * @param isWaiting whether an expiration waits for a buffer or for a driver
     */
    void onChange(int clockId, boolean isPending, boolean isWaiting);
}
