package io.clocktower.spec;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one grammar of durations, for the configuration and for the REST API.
 * <ul>
 * <li>short: whole numbers with the units {@code d}, {@code h}, {@code m}, {@code s}, {@code ms}, {@code us} and
 * {@code ns}, largest unit first, each at most once: {@code 5m}, {@code 1h30m}, {@code 500ms}; seconds may have a fraction,
 * {@code 1.5s};
 * <li>ISO 8601 with days and smaller units: {@code PT5M}, {@code P1DT12H}, {@code PT0.5S}, in either case.
 * </ul>
 * A sign may come first, {@code -5m} or {@code -PT5M}; whether a negative duration is allowed is for its user to check. The units
 * of the short form are in lower case, so {@code 1M} is nothing. Not allowed are months and years, numbers without a unit (zero too), and blanks.
 */
public final class Durations {

    /** Longer than any duration needs to be, and short enough for a parser that recurses. */
    private static final int MAX_LENGTH = 64;
    private static final Pattern SHORT = Pattern.compile(
            "(?<sign>[+-])?(?=\\d)(?:(?<d>\\d+)d)?(?:(?<h>\\d+)h)?(?:(?<m>\\d+)m)?(?:(?<s>\\d+)(?:\\.(?<fraction>\\d{1,9}))?s)?"
                    + "(?:(?<ms>\\d+)ms)?(?:(?<us>\\d+)us)?(?:(?<ns>\\d+)ns)?");
    private static final Pattern ISO = Pattern.compile("[+-]?P[-+0-9DTHMS.]+", Pattern.CASE_INSENSITIVE);
    private static final int FRACTION_DIGITS = 9;

    private static final BigInteger NS_PER_SECOND = BigInteger.valueOf(1_000_000_000);
    private static final BigInteger NS_PER_MS = BigInteger.valueOf(1_000_000);
    private static final BigInteger NS_PER_US = BigInteger.valueOf(1_000);
    private static final BigInteger NS_PER_MINUTE = NS_PER_SECOND.multiply(BigInteger.valueOf(60));
    private static final BigInteger NS_PER_HOUR = NS_PER_MINUTE.multiply(BigInteger.valueOf(60));
    private static final BigInteger NS_PER_DAY = NS_PER_HOUR.multiply(BigInteger.valueOf(24));

    private Durations() {}

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException whose message has the text, and what is allowed
     */
    public static Duration parse(String text) {
        Matcher matcher = SHORT.matcher(text);
        if (text.length() > MAX_LENGTH || !matcher.matches() && !ISO.matcher(text).matches()) {
            throw malformed(text);
        }
        try {
            return matcher.matches() ? ofShort(matcher) : Duration.parse(text);
        } catch (DateTimeException | ArithmeticException e) {
            boolean isTooLarge = e instanceof ArithmeticException || e.getCause() != null;
            throw isTooLarge
                    ? new IllegalArgumentException(Texts.quoted(text) + " is too large for a duration")
                    : malformed(text);
        }
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(Texts.quoted(text) + ", expected " + expected());
    }

    /** What a text must be, for a message. */
    public static String expected() {
        return "a duration with units, such as 5m, 1h30m, 500ms, 50us, 2d or PT5M (no months or years)";
    }

    private static Duration ofShort(Matcher matcher) {
        String fraction = matcher.group("fraction");
        BigInteger ns = ns(matcher, "d", NS_PER_DAY).add(ns(matcher, "h", NS_PER_HOUR))
                .add(ns(matcher, "m", NS_PER_MINUTE)).add(ns(matcher, "s", NS_PER_SECOND))
                .add(fraction == null
                        ? BigInteger.ZERO
                        : new BigInteger(fraction + "0".repeat(FRACTION_DIGITS - fraction.length())))
                .add(ns(matcher, "ms", NS_PER_MS)).add(ns(matcher, "us", NS_PER_US))
                .add(ns(matcher, "ns", BigInteger.ONE));
        BigInteger[] parts = ("-".equals(matcher.group("sign")) ? ns.negate() : ns).divideAndRemainder(NS_PER_SECOND);
        return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact());
    }

    private static BigInteger ns(Matcher matcher, String unit, BigInteger nsPerUnit) {
        String number = matcher.group(unit);
        return number == null ? BigInteger.ZERO : new BigInteger(number).multiply(nsPerUnit);
    }

    /** The nanoseconds of a duration; those of the longest ones need more than 64 bits. */
    public static BigInteger ns(Duration duration) {
        return BigInteger.valueOf(duration.getSeconds()).multiply(NS_PER_SECOND)
                .add(BigInteger.valueOf(duration.getNano()));
    }

    /**
     * A duration for a message: {@code 3650 days}, {@code 1h30m}, {@code -5m}, {@code 1ns}. Whole days are spelled out; all
     * else is in the short form, which {@link #parse} reads.
     */
    public static String text(Duration duration) {
        return text(ns(duration));
    }

    /** Nanoseconds for a message, as {@link #text(Duration)}. */
    public static String text(BigInteger ns) {
        BigInteger[] days = ns.divideAndRemainder(NS_PER_DAY);
        if (days[1].signum() == 0 && days[0].signum() != 0) {
            return days[0] + (days[0].abs().equals(BigInteger.ONE) ? " day" : " days");
        }
        return format(ns);
    }

    /** A duration in the short form, {@code 1d1h}, {@code 1s500ms}, {@code 0s}; {@link #parse} reads it. */
    public static String format(Duration duration) {
        return format(ns(duration));
    }

    private static String format(BigInteger ns) {
        if (ns.signum() == 0) {
            return "0s";
        }
        var text = new StringBuilder(ns.signum() < 0 ? "-" : "");
        BigInteger rest = ns.abs();
        rest = append(text, rest, NS_PER_DAY, "d");
        rest = append(text, rest, NS_PER_HOUR, "h");
        rest = append(text, rest, NS_PER_MINUTE, "m");
        rest = append(text, rest, NS_PER_SECOND, "s");
        rest = append(text, rest, NS_PER_MS, "ms");
        rest = append(text, rest, NS_PER_US, "us");
        append(text, rest, BigInteger.ONE, "ns");
        return text.toString();
    }

    private static BigInteger append(StringBuilder text, BigInteger ns, BigInteger nsPerUnit, String unit) {
        BigInteger[] parts = ns.divideAndRemainder(nsPerUnit);
        if (parts[0].signum() > 0) {
            text.append(parts[0]).append(unit);
        }
        return parts[1];
    }
}
