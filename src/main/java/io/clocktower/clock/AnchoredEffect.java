package io.clocktower.clock;

/**
 * An effect with the time in which it acts and the reading that it starts from.
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
 */
public record AnchoredEffect(Effect effect, long startNs, long endNs, long anchorNs) {

    /**
     * @throws IllegalArgumentException
     *             naming the component and what was expected
     */
    public AnchoredEffect {
        if (effect == null) {
            throw new IllegalArgumentException("effect: expected one, got none");
        }
        if (endNs < startNs) {
            throw new IllegalArgumentException("endNs: expected " + startNs + " or more, got " + endNs);
        }
    }
}
