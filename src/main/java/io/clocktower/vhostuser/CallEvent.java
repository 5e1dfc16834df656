package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;

/**
 * The eventfd that notifies the driver of used buffers of one ring, or none. "VHOST_USER_SET_VRING_CALL".
 *
 * <p>
 * A driver could wait for ever for buffers that were used without a signal: while there was no eventfd, or while it wanted
 * no notification. So a new eventfd is signalled once if the last buffers were used without a signal. A spurious
 * notification does no harm.
 */
final class CallEvent {

    private EventFd eventFd;
    private boolean isOwed;

    /** Takes over an eventfd in place of the one before, or null for none. */
    void set(EventFd next) {
        close();
        eventFd = next;
        if (isOwed) {
            signal();
        }
    }

    /**
     * Buffers were used.
     *
     * @param isWanted whether the driver wants a notification of them
     */
    void onUsed(boolean isWanted) {
        isOwed = true;
        if (isWanted) {
            signal();
        }
    }

    /** Notifies the driver. */
    void signal() {
        if (eventFd != null) {
            eventFd.signal();
            isOwed = false;
        }
    }

    /** Null for none. */
    Descriptor descriptor() {
        return eventFd == null ? null : eventFd.descriptor();
    }

    boolean isOwed() {
        return isOwed;
    }

    /** Goes on with an eventfd, or null for none, and a notification that may be owed. */
    void restore(EventFd before, boolean wasOwed) {
        eventFd = before;
        isOwed = wasOwed;
    }

    /** The device was reset, so no used buffers are left to notify of. */
    void forget() {
        isOwed = false;
    }

    void close() {
        if (eventFd != null) {
            eventFd.close();
            eventFd = null;
        }
    }
}
