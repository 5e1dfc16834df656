package io.clocktower.vhostuser;

import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;

/** The device behind a back-end. Every call comes on the back-end's thread. */
public interface VirtioDevice {

    /** The feature bits that the device supports, without vhost-user's own. */
    long features();

    int queueCount();

    /** The driver negotiated these features; 0 after a reset. */
    void onFeatures(long features);

    /**
     * The driver may have made buffers available. The device uses them, within the budget of a turn.
     *
     * @return whether it left some for the next turn
     */
    boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException;

    /**
     * What a driver has set that no other message of the front-end carries to the destination of a migration. The device is
     * suspended. vhost-user, "Migrating back-end state".
     *
     * @return at most 4096 bytes
     */
    byte[] save();

    /**
     * Takes over what {@link #save} has written, on this host or on another one. The device is suspended.
     *
     * @throws ProtocolException if it cannot; nothing has changed then
     */
    void load(byte[] state) throws ProtocolException;

    /** The device was reset: by the driver, by the front-end, or because the front-end disconnected. */
    void onReset();
}
