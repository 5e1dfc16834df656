package io.clocktower.clock;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/**
 * A time of UTC, which may be in an inserted leap second.
 *
 * @param time in a leap second, the same fraction of the second before it
 */
public record UtcTime(Instant time, boolean isLeapSecond) {

    private static final String LAST_SECOND = ":59:59";
    private static final String LEAP_SECOND = ":59:60";

    /**
     * Reads ISO 8601 with a {@code Z} or an offset; {@code 2016-12-31T23:59:60Z} is a leap second.
     *
     * @throws DateTimeException if the text is no such time
     */
    public static UtcTime parse(String text) {
        TemporalAccessor parsed = DateTimeFormatter.ISO_INSTANT.parse(text);
        return new UtcTime(Instant.from(parsed), parsed.query(DateTimeFormatter.parsedLeapSecond()));
    }

    @Override
    public String toString() {
        return isLeapSecond ? time.toString().replace(LAST_SECOND, LEAP_SECOND) : time.toString();
    }
}
