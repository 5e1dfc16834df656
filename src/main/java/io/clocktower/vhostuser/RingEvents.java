package io.clocktower.vhostuser;

import io.clocktower.linux.Closing;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.Reactor;

/** The eventfds of a ring: kick, call and err. The device's loop owns them. */
final class RingEvents {

    private final Reactor reactor;
    private final KickEvent kick;
    private final CallEvent call = new CallEvent();
    private final ErrEvent err = new ErrEvent();

    /**
     * @param onKick the driver notified the device, perhaps several times
     */
    RingEvents(Reactor reactor, Runnable onKick) {
        this.reactor = reactor;
        kick = new KickEvent(reactor, onKick);
    }

    KickEvent kick() {
        return kick;
    }

    CallEvent call() {
        return call;
    }

    ErrEvent err() {
        return err;
    }

    /** The ring is broken. */
    void onBroken() {
        // The driver may wait for what was used before.
        call.signal();
        err.signal();
        // Kicks of a broken ring need not wake the thread.
        kick.ignore();
    }

    /** Takes over the eventfds of a state, and watches for no kicks yet. */
    void restore(FrontEndState.Ring state) {
        kick.restore(adopt(state.kick()));
        call.restore(adopt(state.call()), state.isNotificationOwed());
        err.set(adopt(state.err()));
    }

    private EventFd adopt(Descriptor descriptor) {
        return descriptor == null ? null : EventFd.adopt(descriptor, reactor.signals());
    }

    void close() {
        Closing.all(kick::close, call::close, err::close);
    }
}
