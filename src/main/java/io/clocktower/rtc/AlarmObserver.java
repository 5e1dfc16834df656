package io.clocktower.rtc;

/**
 * Is told of alarms, on the device's thread, and must not block, nor allocate unless somebody asked to be told. Clocks are
 * told by their ids.
 */
public interface AlarmObserver {

    /** The driver set an alarm: its time, or whether it is enabled. */
    void onSet(int clockId);

    /** An alarm expired. */
    void onExpired(int clockId);

    /** The driver was notified of an expiration. */
    void onDelivered(int clockId);

    /**
     * Comes after any of these, and when an alarm's clock was set back or the device was reset.
     *
     * @param isPending whether the driver is to be notified some day, as things are: the alarm is enabled and its time
     *        lies ahead, or an expiration waits
     * @param isWaiting whether an expiration waits for a buffer or for a driver
     */
    void onChange(int clockId, boolean isPending, boolean isWaiting);
}
