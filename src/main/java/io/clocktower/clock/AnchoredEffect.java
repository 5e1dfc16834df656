package io.clocktower.clock;

/**
 * An effect with the time in which it acts and the readings that it starts from.
 *
 * @param effect
 *            what it does
 * @param startNs
 *            the host's time since boot from which it acts, in nanoseconds; negative if it began before that boot
 * @param endNs
 *            the host's time since boot from which it acts no more; {@link Long#MAX_VALUE} if it is to be taken away
 * @param anchorNs
 *            what the clock's time scale showed at the start, as the faults before this one left it: unsigned TAI, or
 *            time since boot for a monotonic clock. A freeze shows this, a set time counts from this; the others do not
 *            look at it
 * @param targetNs
 *            what a set time shows at the start, unsigned TAI: it was fixed when the fault began, by the leap seconds
 *            that were known or rehearsed then. The other effects ignore it
 */
public record AnchoredEffect(Effect effect, long startNs, long endNs, long anchorNs, long targetNs) {

    /** An effect in whose time no leap second but the built-in ones is known. */
    public AnchoredEffect(Effect effect, long startNs, long endNs, long anchorNs) {
        this(effect, startNs, endNs, anchorNs,
                effect instanceof Effect.SetTime set ? set.taiNs(LeapSeconds.builtIn()) : anchorNs);
    }

    /**
     * @throws IllegalArgumentException
     *             if there is no effect, or it ends before it starts
     */
    public AnchoredEffect {
        if (effect == null) {
            throw new IllegalArgumentException("effect: missing");
        }
        if (endNs < startNs) {
            throw new IllegalArgumentException("endNs: " + endNs + ", expected " + startNs + " or more");
        }
    }
}
