package io.clocktower.clock;

import java.util.Comparator;
import java.util.List;

/**
 * The faults of one clock, in the order in which they are composed: each takes the time that the one before it left.
 * Immutable; a reading allocates nothing and needs no timer, as each effect knows from when and until when it acts.
 *
 * <p>A rehearsed leap second is the exception: it is an entry of the table of {@link #leapSeconds} for as long as it is
 * in the chain, whatever its start and end. The maker of the chain leaves it out before it starts and after it has ended.
 */
public final class FaultChain {

    /** No fault. */
    public static final FaultChain NONE = of(List.of(), LeapSeconds.builtIn());

    private final ActingEffect[] effects;
    private final boolean isEmpty;
    private final LeapSeconds leapSeconds;

    private FaultChain(ActingEffect[] effects, boolean isEmpty, LeapSeconds leapSeconds) {
        this.effects = effects;
        this.isEmpty = isEmpty;
        this.leapSeconds = leapSeconds;
    }

    /**
     * @param effects
     *            the first is applied to true time
     * @param table
     *            the leap seconds there are
     * @throws InvalidComponentException
     *             of {@code lastDay} if two leap seconds are rehearsed on one day, or one before the last of the
     *             table
     */
    public static FaultChain of(List<AnchoredEffect> effects, LeapSeconds table) {
        LeapSeconds rehearsed = table;
        for (Effect.LeapSecond leap : effects.stream().map(AnchoredEffect::effect)
                .filter(Effect.LeapSecond.class::isInstance).map(Effect.LeapSecond.class::cast)
                .sorted(Comparator.comparing(Effect.LeapSecond::lastDay)).toList()) {
            rehearsed = rehearsed.with(leap.lastDay(), leap.change());
        }
        ActingEffect[] acting = effects.stream().filter(effect -> !(effect.effect() instanceof Effect.LeapSecond))
                .map(ActingEffect::new).toArray(ActingEffect[]::new);
        return new FaultChain(acting, effects.isEmpty(), rehearsed);
    }

    /** Whether there is no fault in it, acting or not. */
    public boolean isEmpty() {
        return isEmpty;
    }

    /** The table with the leap seconds that are rehearsed; of no meaning for {@link #NONE}, which has no table. */
    public LeapSeconds leapSeconds() {
        return leapSeconds;
    }

    /**
     * What the faults make of a clock's time.
     *
     * @param ns
     *            unsigned TAI, or time since boot for a monotonic clock
     * @param boottimeNs
     *            the host's time since boot at that instant
     * @return on the same scale, or {@link ServedClock#UNREPRESENTABLE} if it leaves the range on the way
     */
    public long apply(long ns, long boottimeNs) {
        return apply(ns, boottimeNs, Sway.ACTUAL);
    }

    long apply(long ns, long boottimeNs, Sway sway) {
        long left = ns;
        for (ActingEffect effect : effects) {
            left = effect.apply(left, boottimeNs, sway);
        }
        return left;
    }

    /** When next an effect begins, settles or ends, in time since boot; {@link Long#MAX_VALUE} if none will. */
    public long nextEdgeNs(long boottimeNs) {
        long nextNs = Long.MAX_VALUE;
        for (ActingEffect effect : effects) {
            nextNs = Math.min(nextNs, effect.nextEdgeNs(boottimeNs));
        }
        return nextNs;
    }

    /** Whether an offset is drawn again at intervals. */
    boolean isSwaying(long boottimeNs) {
        for (ActingEffect effect : effects) {
            if (effect.isSwaying(boottimeNs)) {
                return true;
            }
        }
        return false;
    }

    /** When next such an offset is drawn, in time since boot; {@link Long#MAX_VALUE} if there is none. */
    long nextSwayNs(long boottimeNs) {
        long nextNs = Long.MAX_VALUE;
        for (ActingEffect effect : effects) {
            nextNs = Math.min(nextNs, effect.nextSwayNs(boottimeNs));
        }
        return nextNs;
    }
}
