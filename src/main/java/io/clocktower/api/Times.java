package io.clocktower.api;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import io.clocktower.spec.Durations;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

/** How the API writes times: in ISO 8601, and as numbers of nanoseconds. */
final class Times {

    private static final long NS_A_SECOND = 1_000_000_000;
    private static final BigInteger BIG_NS_A_SECOND = BigInteger.valueOf(NS_A_SECOND);

    private Times() {}

    /** Unsigned nanoseconds as a number; null for a reading that is out of range. */
    static BigInteger number(long ns) {
        return ServedClock.isRepresentable(ns) ? new BigInteger(Long.toUnsignedString(ns)) : null;
    }

    /**
     * A reading of a clock, in ISO 8601: UTC with its Z, TAI as a date and time without a zone, a monotonic clock as the
     * duration since boot; null for a reading that is out of range.
     */
    static String reading(ClockType type, long ns) {
        if (!ServedClock.isRepresentable(ns)) {
            return null;
        }
        Instant instant = HostInstant.instant(ns);
        return switch (type) {
            case UTC, UTC_SMEARED, UTC_MAYBE_SMEARED -> instant.toString();
            case TAI -> instant.atOffset(ZoneOffset.UTC).toLocalDateTime().toString();
            case MONOTONIC -> Duration.between(Instant.EPOCH, instant).toString();
        };
    }

    /** A signed number of nanoseconds; of a negative one the sign comes first, as in {@code -PT5M}. */
    static String duration(BigInteger ns) {
        BigInteger[] parts = ns.abs().divideAndRemainder(BIG_NS_A_SECOND);
        return (ns.signum() < 0 ? "-" : "")
                + Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact());
    }

    /** A duration, as above. */
    static String duration(Duration duration) {
        return duration(Durations.ns(duration));
    }
}
