package io.clocktower.hosted;

import io.clocktower.event.DeviceEvent;

/** Observes one device, on its loop's thread. It must not block. */
public interface DeviceObserver {

    /** A front-end disconnected. */
    void onDisconnected();

    /** Time or the guest changed the device's record. */
    void onChanged();

    /** Something happened that subscribers may want to know. */
    void onEvent(DeviceEvent event);

    /** Whether there are subscribers now. */
    boolean isHeard();

    /** Something happened while there are no subscribers. */
    void onUnheard();
}
