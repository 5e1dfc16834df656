package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;

/** The eventfd that notifies the front-end of a broken ring, or none. "VHOST_USER_SET_VRING_ERR". */
final class ErrEvent {

    private EventFd eventFd;

    /** Takes over an eventfd in place of the one before, or null for none. */
    void set(EventFd next) {
        close();
        eventFd = next;
    }

    void signal() {
        if (eventFd != null) {
            eventFd.signal();
        }
    }

    /** Null for none. */
    Descriptor descriptor() {
        return eventFd == null ? null : eventFd.descriptor();
    }

    void close() {
        if (eventFd != null) {
            eventFd.close();
            eventFd = null;
        }
    }
}
