package io.clocktower.device;

/** Is told of what happens to one device, on its loop's thread, and must not block. */
interface DeviceObserver {

    /** A front-end has gone. */
    void onDisconnected();

    /** The device's record is another one, by time or by its guest. */
    void onChanged();

    /** Something happened that others may want to know. */
    void onEvent(DeviceEvent event);

    /** Whether anybody wants to know now. */
    boolean isHeard();

    /** Something happened that nobody wants to know now. */
    void onUnheard();
}
