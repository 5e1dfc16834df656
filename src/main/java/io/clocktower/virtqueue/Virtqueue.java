package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;

/**
 * A virtqueue from the device's side. One thread owns it. Nothing it does allocates, except for a chain that is longer
 * than any before.
 *
 * <p>
 * Every method may end with an {@link InternalError} if the guest's memory is gone (its file was truncated). The
 * virtqueue is broken then, as after a {@link VirtqueueException}.
 */
public interface Virtqueue {

    /**
     * Takes the next available buffer.
     *
     * <p>
     * A buffer whose chain is longer than the budget takes several calls, each with the same chain. Until the chain ends
     * the buffer is not taken, and {@link #base} does not count it.
     *
     * @param chain receives the buffer
     * @param budget is charged; it must not be spent
     * @return false if no buffer is available, or if the budget is spent before the end of the chain
     * @throws VirtqueueException if the driver broke the rules; the buffer is not taken
     */
    boolean pop(DescriptorChain chain, TurnBudget budget) throws VirtqueueException;

    /** Whether {@link #pop} has something to take, or an error to find. This only looks. */
    boolean isReady();

    /**
     * How often the virtqueue has looked what is available. What {@link #pop} takes between two looks was available at the
     * earlier one.
     */
    int looks();

    /**
     * Returns a buffer to the driver as used. The driver may see it as late as {@link #show} or {@link #publish} is called.
     *
     * @param usedLength how many bytes of its device-writable part were written, from the first on
     */
    void push(DescriptorChain chain, int usedLength);

    /** Lets the driver see all that was pushed: once for many buffers, because a driver that waits looks at the same memory. */
    void show();

    /**
     * Does the same, and asks whether the driver is to be notified.
     *
     * @return whether the driver wants a notification of what was pushed since the last call of this method
     */
    boolean publish();

    /** Tells the driver that it need not notify us of available buffers. */
    void disableNotifications();

    /**
     * Asks the driver to notify us of the next available buffer.
     *
     * @return whether a buffer is available already, for which no notification may come
     */
    boolean enableNotifications() throws VirtqueueException;

    /**
     * Asks the driver to notify us of the next buffer that it makes available, whatever is available now: for a ring that
     * the device stops looking at. After {@link #enableNotifications} alone, a driver with VIRTIO_F_EVENT_IDX would stay
     * silent until the device has caught up.
     *
     * @return whether a buffer is left, for which no notification may come
     */
    boolean leaveNotificationsOn();

    /**
     * Looks whether another process went on with the ring while this one did not look at it, and has ended since. If so, this
     * one goes on from there.
     *
     * @return whether it did: the driver may not have been notified
     * @throws VirtqueueException if it did, and the ring does not tell how far it came
     */
    boolean catchUp() throws VirtqueueException;

    /**
     * Keeps how far the device has come where another process finds it, if the ring itself does not say so.
     *
     * @param progress {@link PackedProgress#BYTES} bytes
     */
    default void keepProgress(MemorySegment progress) {
        // A split ring's used index says it.
    }

    /** How far the device has come, as vhost-user's GET_VRING_BASE reports it. */
    int base();

    /** Continues in the same rings at the places where they and the guest's memory are mapped now. */
    void remap(RingAreas areas, MemoryTable memory);
}
