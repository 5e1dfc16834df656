package io.clocktower.api;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import io.clocktower.config.PollWindowConverter;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.regex.Pattern;

/** How the API writes times: ISO 8601, and nanoseconds as numbers. */
final class Times {

    private static final long NS_A_SECOND = 1_000_000_000;
    private static final BigInteger BIG_NS_A_SECOND = BigInteger.valueOf(NS_A_SECOND);

    /** A duration without a unit: who writes it does not say what he means. */
    private static final Pattern NUMBER = Pattern.compile("\\s*[+-]?\\d*\\s*");
    /** More than any duration needs, and less than a parser's stack bears. */
    private static final int MAX_DURATION_LENGTH = 64;

    private Times() {}

    /**
     * A duration in ISO 8601, {@code PT5M}, or as in the configuration, {@code 5m} or {@code 50us}.
     *
     * @throws DateTimeException if the text is none
     */
    static Duration parseDuration(String text) {
        if (text.length() > MAX_DURATION_LENGTH || NUMBER.matcher(text).matches()) {
            throw new DateTimeException("no duration");
        }
        try {
            return new PollWindowConverter().convert(text);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new DateTimeException("no duration", e);
        }
    }

    /** Unsigned nanoseconds as a number; null for a reading that cannot be represented. */
    static BigInteger number(long ns) {
        return ServedClock.isRepresentable(ns) ? new BigInteger(Long.toUnsignedString(ns)) : null;
    }

    /**
     * A reading of a clock, in ISO 8601: UTC with its Z, TAI as a date and time without a zone, a monotonic clock as the
     * duration since the boot; null for a reading that cannot be represented.
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
        return duration.isNegative() ? "-" + duration.negated() : duration.toString();
    }
}
