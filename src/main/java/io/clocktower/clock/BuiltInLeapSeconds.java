package io.clocktower.clock;

import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;

/** The leap seconds of 1972 to 2017, after which there was none up to the date of IERS Bulletin C 72 (July 2026). */
final class BuiltInLeapSeconds {

    /** The months that began with TAI one second further ahead; 1972-01 is where the count starts, with 10 s. */
    private static final String MONTHS = """
            1972-01 1972-07 1973-01 1974-01 1975-01 1976-01 1977-01
            1978-01 1979-01 1980-01 1981-07 1982-07 1983-07 1985-07
            1988-01 1990-01 1991-01 1992-07 1993-07 1994-07 1996-01
            1997-07 1999-01 2006-01 2009-01 2012-07 2015-07 2017-01""";

    /** Of the leap-seconds.list issued with that bulletin. */
    private static final Instant EXPIRES_AT = Instant.parse("2027-06-28T00:00:00Z");

    static final LeapSeconds TABLE = new LeapSeconds(entries(), EXPIRES_AT, "built-in");

    private BuiltInLeapSeconds() {}

    private static List<LeapSeconds.Entry> entries() {
        List<LeapSeconds.Entry> entries = new ArrayList<>();
        for (String month : MONTHS.split("\\s+")) {
            YearMonth first = YearMonth.parse(month);
            entries.add(new LeapSeconds.Entry(
                    LeapSeconds.secondsAtMidnight(first.getYear(), first.getMonthValue(), 1), 10 + entries.size()));
        }
        return entries;
    }
}
