package io.clocktower.api;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;

/** Reads the members of requests that are written in ISO 8601. Each says which member is to blame. */
final class Fields {

    private static final int MAX_TEXT = 256;
    private static final int MAX_SHOWN = 80;
    private static final BigInteger NS_A_SECOND = BigInteger.valueOf(1_000_000_000);

    private Fields() {}

    static Duration duration(String field, String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeException | ArithmeticException e) {
            throw new FieldException(field, "expected an ISO 8601 duration such as PT10M or -PT0.5S, got "
                    + shown(text));
        }
    }

    static <T> T given(String field, T value) {
        if (value == null) {
            throw new FieldException(field, "expected, got none");
        }
        return value;
    }

    /** A line of text. */
    static String text(String field, String text) {
        if (text.length() > MAX_TEXT || text.chars().anyMatch(Character::isISOControl)) {
            throw new FieldException(field, "expected at most %d printable characters, got %s".formatted(MAX_TEXT,
                    shown(text)));
        }
        return text;
    }

    /** A number of nanoseconds that is given either in ISO 8601, as the field, or as a number, as the field and Ns. */
    static long ns(String field, String iso, Long ns) {
        if (iso != null && ns != null) {
            throw new FieldException(field, "expected either %s or %sNs, got both".formatted(field, field));
        }
        return ns == null ? ns(field, given(field, iso)) : ns;
    }

    /** A signed 64-bit number of nanoseconds: 292 years to either side. */
    static long ns(String field, String text) {
        try {
            return duration(field, text).toNanos();
        } catch (ArithmeticException e) {
            throw FieldException.impossible(field + ": expected at most 292 years of nanoseconds, in 64 bits, got "
                    + shown(text));
        }
    }

    static Instant instant(String field, String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new FieldException(field, "expected an ISO 8601 time such as 2030-01-01T00:00:00Z, got "
                    + shown(text));
        }
    }

    /** An instant as unsigned nanoseconds since 1970. */
    static long unsignedNs(String field, String text) {
        Instant instant = instant(field, text);
        BigInteger ns = BigInteger.valueOf(instant.getEpochSecond()).multiply(NS_A_SECOND)
                .add(BigInteger.valueOf(instant.getNano()));
        if (ns.signum() < 0 || ns.bitLength() > Long.SIZE) {
            throw FieldException.impossible(field + ": expected 1970-01-01 to 2554-07-21, got " + shown(text));
        }
        return ns.longValue();
    }

    /** What somebody sent, fit to be shown. */
    static String shown(String text) {
        if (text == null) {
            return "none";
        }
        String printable = text.codePoints().limit(MAX_SHOWN)
                .map(character -> Character.isISOControl(character) ? '?' : character)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
        return '"' + printable + (printable.length() < text.length() ? "\"..." : "\"");
    }
}
