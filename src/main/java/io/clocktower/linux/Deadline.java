package io.clocktower.linux;

import java.util.function.Consumer;

/** A time at which a {@link Reactor} calls its owner, once; set and cleared on the reactor's thread, as often as need be. */
public final class Deadline {

    private final Turns turns;
    private final Runnable onExpiry;
    private final Consumer<Throwable> onFailure;
    private boolean isSet;
    private long atNs;

    Deadline(Turns turns, Runnable onExpiry, Consumer<Throwable> onFailure) {
        this.turns = turns;
        this.onExpiry = onExpiry;
        this.onFailure = onFailure;
    }

    /** Sets the deadline this far from now; one that was set before no longer counts. */
    public void setAfter(long delayNs) {
        atNs = turns.nowNs() + delayNs;
        if (!isSet) {
            turns.armed(this);
            isSet = true;
        }
    }

    public boolean isSet() {
        return isSet;
    }

    public void clear() {
        if (isSet) {
            isSet = false;
            turns.disarmed(this);
        }
    }

    Consumer<Throwable> onFailure() {
        return onFailure;
    }

    long remainingNs(long nowNs) {
        return atNs - nowNs;
    }

    void expire() {
        clear();
        onExpiry.run();
    }
}
