package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;
import static io.clocktower.clock.ServedClock.UNREPRESENTABLE;

import java.math.BigInteger;

/** One effect of a {@link FaultChain}, made ready for readings. Immutable; nothing but its making allocates. */
final class ActingEffect {

    private final Effect effect;
    private final long startNs;
    private final long endNs;
    private final long anchorNs;
    /** What a set time shows at the anchor. */
    private final long targetNs;
    /** When a slew is completed, in time since boot; the start for all others. */
    private final long settledNs;

    ActingEffect(AnchoredEffect anchored) {
        effect = anchored.effect();
        startNs = anchored.startNs();
        endNs = anchored.endNs();
        anchorNs = anchored.anchorNs();
        targetNs = anchored.targetNs();
        settledNs = effect instanceof Effect.Slew slew ? settledNs(slew, startNs) : startNs;
    }

    private static long settledNs(Effect.Slew slew, long startNs) {
        BigInteger rate = BigInteger.valueOf(slew.ratePpb());
        BigInteger lengthNs = BigInteger.valueOf(slew.offsetNs()).abs().multiply(BigInteger.valueOf(NANOS_PER_SECOND))
                .add(rate).subtract(BigInteger.ONE).divide(rate);
        return lengthNs.add(BigInteger.valueOf(startNs)).min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact();
    }

    /** What it makes of a reading. */
    long apply(long ns, long boottimeNs, Sway sway) {
        return isActing(boottimeNs) ? acted(ns, boottimeNs, sway) : ns;
    }

    /** When next it makes something else of a reading than it did, or changes its rate; jumps of its sway apart. */
    long nextEdgeNs(long boottimeNs) {
        if (boottimeNs < startNs) {
            return startNs;
        }
        if (boottimeNs >= endNs) {
            return Long.MAX_VALUE;
        }
        return boottimeNs < settledNs ? Math.min(settledNs, endNs) : endNs;
    }

    boolean isSwaying(long boottimeNs) {
        return swayNs() != Long.MAX_VALUE && isActing(boottimeNs);
    }

    /** When next it draws another offset, in time since boot; {@link Long#MAX_VALUE} if it does not. */
    long nextSwayNs(long boottimeNs) {
        if (!isSwaying(boottimeNs)) {
            return Long.MAX_VALUE;
        }
        long restNs = swayNs() - Long.remainderUnsigned(boottimeNs - startNs, swayNs());
        return restNs > Long.MAX_VALUE - boottimeNs ? Long.MAX_VALUE : boottimeNs + restNs;
    }

    private boolean isActing(long boottimeNs) {
        return boottimeNs >= startNs && boottimeNs < endNs;
    }

    private long acted(long ns, long boottimeNs, Sway sway) {
        // Unsigned: there are more nanoseconds between two signed numbers than one has room for.
        long elapsedNs = boottimeNs - startNs;
        return switch (effect) {
            case Effect.Step step -> UnsignedNs.add(ns, step.offsetNs());
            case Effect.SetTime _ -> UnsignedNs.shift(targetNs, anchorNs, ns);
            case Effect.Drift drift -> UnsignedNs.addShare(ns, elapsedNs, drift.ratePpb());
            case Effect.Slew slew when boottimeNs >= settledNs -> UnsignedNs.add(ns, slew.offsetNs());
            case Effect.Slew slew -> UnsignedNs.addShare(ns, elapsedNs,
                    slew.offsetNs() < 0 ? -slew.ratePpb() : slew.ratePpb());
            case Effect.Freeze _ -> anchorNs;
            case Effect.Jitter jitter -> UnsignedNs.add(ns, switch (sway) {
                case ACTUAL -> Draw.between(jitter.rangeNs(), jitter.seed(),
                        Long.divideUnsigned(elapsedNs, jitter.intervalNs()));
                case LOWEST -> -jitter.rangeNs();
                case HIGHEST -> jitter.rangeNs();
            });
            case Effect.Strobe strobe -> UnsignedNs.add(ns, switch (sway) {
                case ACTUAL -> (Long.divideUnsigned(elapsedNs, strobe.periodNs()) & 1) == 0 ? strobe.deltaNs() : 0;
                case LOWEST -> Math.min(0, strobe.deltaNs());
                case HIGHEST -> Math.max(0, strobe.deltaNs());
            });
            case Effect.LeapSecond _ -> ns;
        };
    }

    /** How long an offset of its sway lasts; {@link Long#MAX_VALUE} if it has none. */
    private long swayNs() {
        return switch (effect) {
            case Effect.Jitter jitter -> jitter.rangeNs() == 0 ? Long.MAX_VALUE : jitter.intervalNs();
            case Effect.Strobe strobe -> strobe.deltaNs() == 0 ? Long.MAX_VALUE : strobe.periodNs();
            default -> Long.MAX_VALUE;
        };
    }
}
