package io.clocktower.handover;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;

/**
 * The right to serve, which both sides of a hand-over have in front of them and one of them takes: an eventfd with the count
 * one. The kernel gives it once, and keeps it if a process is killed. So the devices never run in two processes, and a
 * process that finds the other one gone knows whether that one had begun.
 */
final class Token implements AutoCloseable {

    private final EventFd eventFd;

    private Token(EventFd eventFd) {
        this.eventFd = eventFd;
    }

    /** A new one, which can be taken. */
    static Token create() {
        EventFd eventFd = EventFd.create();
        eventFd.signal();
        return new Token(eventFd);
    }

    /**
     * One that came from another process.
     *
     * @param descriptor becomes the token's
     * @throws IllegalArgumentException if it is not a token; the descriptor is still the caller's then
     */
    static Token adopt(Descriptor descriptor) {
        return new Token(EventFd.adopt(descriptor, null));
    }

    /** To be passed on; it stays the token's. */
    Descriptor descriptor() {
        return eventFd.descriptor();
    }

    /** Takes it; false if this or the other process has taken it before. */
    boolean take() {
        return eventFd.takeCount();
    }

    @Override
    public void close() {
        eventFd.close();
    }
}
