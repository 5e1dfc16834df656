package io.clocktower.fault;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Lengths of time in words. */
final class Spans {

    private static final long NS_A_YEAR = TimeUnit.DAYS.toNanos(1) / 100 * 36_525;

    private Spans() {}

    /** In ISO 8601; of a negative one the sign comes first. */
    static String text(Duration span) {
        return span.isNegative() ? "-" + span.negated() : span.toString();
    }

    /** A range of nanoseconds, such as {@code 1us or more}; very long times are rounded down to years. */
    static String range(long minNs, long maxNs) {
        return maxNs == Long.MAX_VALUE && minNs >= 0
                ? shortText(minNs) + " or more"
                : shortText(minNs) + " to " + shortText(maxNs);
    }

    private static String shortText(long ns) {
        if (Math.abs(ns / NS_A_YEAR) > 0) {
            return ns / NS_A_YEAR + " years";
        }
        return ns % 1_000 == 0 && ns != 0 ? ns / 1_000 + "us" : ns + "ns";
    }
}
