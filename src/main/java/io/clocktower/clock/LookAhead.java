package io.clocktower.clock;

import java.util.concurrent.TimeUnit;

/**
 * Finds out when a clock next has to be looked at for an alarm. Between two edges of its faults and two steps for leap
 * seconds a clock goes only forward or only back (to within the rounding of its faults, a nanosecond each), so whether
 * it comes to the alarm is seen from where it ends, and when is found by bisection. An instance belongs to one thread
 * and allocates nothing.
 *
 * <p>Where jitter or strobe sway the clock, what counts is the band between the lowest and the highest it can show. The
 * alarm is out of reach while it is outside of that; while it is within, the clock is looked at whenever they sway.
 */
final class LookAhead {

    /** Longer than anything waits: 146 years. */
    private static final long HORIZON_NS = 1L << 62;
    private static final long SHORTEST_SWAY_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long OUT_OF_RANGE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long NEVER = Long.MAX_VALUE;

    /** What is looked for. */
    private enum Fact {
        LEAP_SECONDS, REACHED
    }

    private final HostMoment moment = new HostMoment();
    private ServedTime time;
    private long alarmTimeNs;

    /** See {@link ServedClock#nsUntilLook}. */
    long nsUntilLook(long alarmTimeNs, ServedTime time, HostClock host) {
        this.time = time;
        this.alarmTimeNs = alarmTimeNs;
        moment.take(host);
        if (!ServedClock.isRepresentable(alarmTimeNs)) {
            return NEVER;
        }
        long boottimeNs = moment.boottimeNs();
        long edgeNs = until(time.faults().nextEdgeNs(boottimeNs));
        if (!ServedClock.isRepresentable(readingNs(0, Sway.ACTUAL))) {
            return Math.min(edgeNs, OUT_OF_RANGE_NS);
        }
        if (!time.faults().isSwaying(boottimeNs)) {
            return Math.min(edgeNs, nsUntilChange(Sway.ACTUAL, Sway.ACTUAL, edgeNs));
        }
        if (isReached(0, Sway.LOWEST) == isReached(0, Sway.HIGHEST)) {
            return Math.min(edgeNs, nsUntilChange(Sway.LOWEST, Sway.HIGHEST, edgeNs));
        }
        long swayNs = until(time.faults().nextSwayNs(boottimeNs));
        return Math.min(Math.min(edgeNs, Math.max(SHORTEST_SWAY_NS, swayNs)),
                nsUntilChange(Sway.ACTUAL, Sway.ACTUAL, Math.min(edgeNs, swayNs)));
    }

    private long until(long boottimeNs) {
        return boottimeNs == NEVER ? NEVER : boottimeNs - moment.boottimeNs();
    }

    /**
     * How long until the clock steps for a leap second, comes to the alarm or falls back below it, or may come to the end
     * of the range.
     *
     * @param endNs
     *            when it may do something else
     */
    private long nsUntilChange(Sway low, Sway high, long endNs) {
        long lastNs = Math.min(endNs - 1, HORIZON_NS);
        long changeNs = NEVER;
        while (lastNs > 0 && !ServedClock.isRepresentable(readingNs(lastNs, high))) {
            lastNs /= 2;
            // The band can be out of range for long while the clock is not.
            changeNs = Math.max(lastNs + 1, OUT_OF_RANGE_NS);
        }
        long stepNs = Math.min(nsUntilOther(Fact.LEAP_SECONDS, low, lastNs),
                nsUntilOther(Fact.LEAP_SECONDS, high, lastNs));
        if (stepNs != NEVER) {
            changeNs = stepNs;
            lastNs = stepNs - 1;
        }
        return Math.min(changeNs,
                Math.min(nsUntilOther(Fact.REACHED, low, lastNs), nsUntilOther(Fact.REACHED, high, lastNs)));
    }

    /** When a fact is another one than now, if it is at the end; it changes back and forth only by rounding. */
    private long nsUntilOther(Fact fact, Sway sway, long lastNs) {
        int now = valueOf(fact, 0, sway);
        if (valueOf(fact, lastNs, sway) == now) {
            return NEVER;
        }
        long beforeNs = 0;
        long afterNs = lastNs;
        while (afterNs - beforeNs > 1) {
            long middleNs = beforeNs + (afterNs - beforeNs) / 2;
            if (valueOf(fact, middleNs, sway) == now) {
                beforeNs = middleNs;
            } else {
                afterNs = middleNs;
            }
        }
        return afterNs;
    }

    private int valueOf(Fact fact, long delayNs, Sway sway) {
        return switch (fact) {
            case LEAP_SECONDS -> steps(delayNs, sway);
            case REACHED -> isReached(delayNs, sway) ? 1 : 0;
        };
    }

    private boolean isReached(long delayNs, Sway sway) {
        return !UnsignedNs.isBefore(readingNs(delayNs, sway), alarmTimeNs);
    }

    private int steps(long delayNs, Sway sway) {
        return time.steps(scaleNs(delayNs, sway), taiNs(delayNs));
    }

    /** What the clock shows, or the lowest or highest that it can show. */
    private long readingNs(long delayNs, Sway sway) {
        long readingNs = time.readingNs(scaleNs(delayNs, sway), taiNs(delayNs),
                UnsignedNs.add(moment.realtimeNs(), delayNs));
        if (sway == Sway.ACTUAL) {
            return readingNs;
        }
        // A leap second within the band: the clock may be a second further back or ahead than at the band's ends.
        long leapsNs = (steps(delayNs, Sway.HIGHEST) - steps(delayNs, Sway.LOWEST)) * LeapSeconds.NANOS_PER_SECOND;
        return sway == Sway.HIGHEST
                ? UnsignedNs.add(readingNs, leapsNs)
                : floored(UnsignedNs.add(floored(readingNs), -leapsNs));
    }

    private long scaleNs(long delayNs, Sway sway) {
        long boottimeNs = moment.boottimeNs();
        long thenNs = delayNs > Long.MAX_VALUE - boottimeNs ? Long.MAX_VALUE : boottimeNs + delayNs;
        long scaleNs = time.scaleNs(taiNs(delayNs), thenNs, sway);
        return sway == Sway.LOWEST ? floored(scaleNs) : scaleNs;
    }

    private long taiNs(long delayNs) {
        return UnsignedNs.add(moment.taiNs(), delayNs);
    }

    /** Below the range is as low as can be. */
    private static long floored(long ns) {
        return ServedClock.isRepresentable(ns) ? ns : 0;
    }
}
