package io.clocktower.vhostuser;

import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;

/** The device behind a back-end. Every call comes on the back-end's thread. */
public interface VirtioDevice {

    /** The feature bits that the device honours, vhost-user's own aside. */
    long features();

    int queueCount();

    /** The driver negotiated these features; none, until it does. */
    void onFeatures(long features);

    /**
     * The driver made buffers available, perhaps. The device uses them, though not so many that other devices wait.
     *
     * @return whether it left some, to go on with in the next turn
     */
    boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException;

    /** The device was reset, by the driver, by the front-end, or because the front-end has gone. */
    void onReset();
}
