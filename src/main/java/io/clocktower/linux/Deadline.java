package io.clocktower.linux;

/** A time at which a {@link Reactor} calls its owner, once; set and cleared on the reactor's thread, as often as need be. */
public final class Deadline {

    private final Reactor reactor;
    private final Runnable onExpiry;
    private boolean isSet;
    private long atNs;

    Deadline(Reactor reactor, Runnable onExpiry) {
        this.reactor = reactor;
        this.onExpiry = onExpiry;
    }

    /** Sets the deadline this far from now; one that was set before no longer counts. */
    public void setAfter(long delayNs) {
        atNs = reactor.nowNs() + delayNs;
        if (!isSet) {
            isSet = true;
            reactor.armed(this);
        }
    }

    public boolean isSet() {
        return isSet;
    }

    public void clear() {
        if (isSet) {
            isSet = false;
            reactor.disarmed(this);
        }
    }

    long remainingNs(long nowNs) {
        return atNs - nowNs;
    }

    void expire() {
        clear();
        onExpiry.run();
    }
}
