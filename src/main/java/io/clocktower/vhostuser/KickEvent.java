package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;

/**
 * The eventfd over which the driver's notifications of one ring come, or none. "VHOST_USER_SET_VRING_KICK".
 *
 * <p>
 * While the ring runs nothing reads the eventfd: epoll reports each write to it once, and saves a system call a kick. So
 * its count says that there were kicks, not whether the ring has acted on them. The front-end may send the same eventfd
 * again for the next start of the ring, and epoll reports a count above zero as soon as it watches the eventfd. That is
 * how a kick between a stop and the next start is seen. Kicks from before the stop must not be seen so, and therefore
 * {@link #forget} reads the count when the ring stops.
 *
 * <p>
 * The read can neither block the thread nor lose a kick that the next start needs:
 *
 * <ul>
 * <li>{@link EventFd#takeCount} does not wait, whatever the front-end has done to the open file.
 * <li>It takes place while we handle the message that stops the ring. The front-end sends the eventfd of the next start
 * after our answer, so what is written from then on stays in the count.
 * <li>A kick that comes before the read may be for a buffer that we have not used. So the ring is looked at after the
 * read, and {@link #restore} writes a kick back if a buffer is left.
 * </ul>
 */
final class KickEvent {

    private final Reactor reactor;
    private final Runnable onKick;
    private EventFd eventFd;
    private Reactor.Watch watch;

    KickEvent(Reactor reactor, Runnable onKick) {
        this.reactor = reactor;
        this.onKick = onKick;
    }

    /**
     * Takes over an eventfd, and closes the previous one.
     *
     * @return whether the previous one had kicks; epoll may not have reported them yet
     */
    boolean set(EventFd next) {
        Reactor.Watch nextWatch;
        try {
            nextWatch = watch(next);
        } catch (LinuxException e) {
            next.close();
            throw e;
        }
        boolean wasKicked = forget();
        close();
        eventFd = next;
        watch = nextWatch;
        return wasKicked;
    }

    private Reactor.Watch watch(EventFd kicks) {
        return reactor.watch(kicks.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> onKick.run());
    }

    /** Null for none. */
    Descriptor descriptor() {
        return eventFd == null ? null : eventFd.descriptor();
    }

    /** Goes on with an eventfd, or null for none, and does not watch it yet. */
    void restore(EventFd before) {
        eventFd = before;
    }

    /** Watches for kicks again, those that came since {@link #ignore} included. */
    void heed() {
        if (eventFd != null && watch == null) {
            watch = watch(eventFd);
        }
    }

    /** Stops watching for kicks. They still increase the count. */
    void ignore() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    /** Forgets the kicks that came so far, and answers whether there were any that were not forgotten before. */
    boolean forget() {
        return eventFd != null && eventFd.takeCount();
    }

    /** Makes up for a kick on which the ring has not acted. */
    void restore() {
        if (eventFd != null) {
            eventFd.signal();
        }
    }

    void close() {
        ignore();
        if (eventFd != null) {
            eventFd.close();
            eventFd = null;
        }
    }
}
