package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryTable;

/**
 * A virtqueue from the device's side. One thread owns it; nothing it does allocates, but for a chain longer than any
 * before.
 *
 * <p>
 * Every method may end with an {@link InternalError} where the guest's memory has gone (its file was truncated): the
 * virtqueue is broken then, as after a {@link VirtqueueException}.
 */
public interface Virtqueue {

    /**
     * Takes the next available buffer.
     *
     * @param chain is filled with it
     * @return false if there is none
     * @throws VirtqueueException if the driver broke the rules; the buffer is not taken
     */
    boolean pop(DescriptorChain chain) throws VirtqueueException;

    /**
     * Gives a buffer back as used.
     *
     * @param usedLength how many bytes of its device-writable part were written, from the first on
     */
    void push(DescriptorChain chain, int usedLength);

    /** Whether the driver wants a notification of what was pushed since this was asked before. */
    boolean needsNotification();

    /** Advises the driver that it need not notify us of available buffers. */
    void disableNotifications();

    /**
     * Asks the driver to notify us of the next available buffer.
     *
     * @return whether one became available meanwhile, of which no notification may come
     */
    boolean enableNotifications() throws VirtqueueException;

    /** How far the device has come, as vhost-user's GET_VRING_BASE answers it. */
    int base();

    /** Goes on in the same rings where they and the guest's memory are mapped now. */
    void remap(RingAreas areas, MemoryTable memory);
}
