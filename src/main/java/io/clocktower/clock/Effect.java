package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

import java.time.LocalDate;
import java.util.Optional;

/**
 * What a fault does to a clock's time. Elapsed time is the host's, counted from the fault's start, suspension included.
 * Each constructor throws {@link IllegalArgumentException} with the component's name and what was expected.
 */
public sealed interface Effect {

    /** What no rate is above: a clock a thousand times as fast as it should be. In billionths of elapsed time. */
    long HIGHEST_RATE_PPB = 999 * NANOS_PER_SECOND;

    /** What jitter and strobe do not change faster than, in nanoseconds of elapsed time. */
    long SHORTEST_NS = 1_000;

    /** Why it cannot be on a monotonic clock: it would step back, or has no meaning there. Empty if it can. */
    Optional<String> objectionOfMonotonic();

    /**
     * Is off by an offset.
     *
     * @param offsetNs
     *            any number of nanoseconds, of which 0 changes nothing
     */
    record Step(long offsetNs) implements Effect {

        @Override
        public Optional<String> objectionOfMonotonic() {
            return offsetNs < 0
                    ? Optional.of("a monotonic clock cannot be stepped back, by " + offsetNs + " ns")
                    : Optional.empty();
        }
    }

    /**
     * Shows a time of day at its start and runs on from there.
     *
     * @param utcNs
     *            UTC, an unsigned count of nanoseconds since 1970 other than {@link ServedClock#UNREPRESENTABLE}
     */
    record SetTime(long utcNs) implements Effect {

        public SetTime {
            check(utcNs != ServedClock.UNREPRESENTABLE, "utcNs", "0 to 18446744073709551614",
                    Long.toUnsignedString(utcNs));
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.of("a monotonic clock shows no time of day that could be set");
        }
    }

    /**
     * Runs fast or slow.
     *
     * @param ratePpb
     *            what it gains, in billionths of elapsed time: -999,999,999 to {@link #HIGHEST_RATE_PPB}
     */
    record Drift(long ratePpb) implements Effect {

        public Drift {
            check(ratePpb > -NANOS_PER_SECOND && ratePpb <= HIGHEST_RATE_PPB, "ratePpb",
                    "-999999999 to " + HIGHEST_RATE_PPB, ratePpb);
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.empty();
        }
    }

    /**
     * Goes to an offset at a rate, then stays there.
     *
     * @param offsetNs
     *            any number of nanoseconds
     * @param ratePpb
     *            how fast, in billionths of elapsed time: 1 to {@link #HIGHEST_RATE_PPB}, and with a negative offset to
     *            999,999,999, as the clock is not to run backwards
     */
    record Slew(long offsetNs, long ratePpb) implements Effect {

        public Slew {
            long highest = offsetNs < 0 ? NANOS_PER_SECOND - 1 : HIGHEST_RATE_PPB;
            check(ratePpb >= 1 && ratePpb <= highest, "ratePpb",
                    "1 to " + highest + (offsetNs < 0 ? " with a negative offset" : ""), ratePpb);
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.empty();
        }
    }

    /** Stands still at what it showed at the start. */
    record Freeze() implements Effect {

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.empty();
        }
    }

    /**
     * Is off by an offset that is drawn anew again and again, each as likely as any other.
     *
     * @param rangeNs
     *            what the offset is at the most, to either side: 0 to 2^62 ns
     * @param intervalNs
     *            elapsed time from one draw to the next, 1000 ns at least
     * @param seed
     *            the same one draws the same offsets
     */
    record Jitter(long rangeNs, long intervalNs, long seed) implements Effect {

        public Jitter {
            check(rangeNs >= 0 && rangeNs <= 1L << 62, "rangeNs", "0 to " + (1L << 62), rangeNs);
            check(intervalNs >= SHORTEST_NS, "intervalNs", SHORTEST_NS + " or more", intervalNs);
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.of("a monotonic clock cannot jitter, as it would step back");
        }
    }

    /**
     * Is off by an offset for one period, right for the next, and so on.
     *
     * @param deltaNs
     *            any number of nanoseconds
     * @param periodNs
     *            of elapsed time, 1000 ns at least
     */
    record Strobe(long deltaNs, long periodNs) implements Effect {

        public Strobe {
            check(periodNs >= SHORTEST_NS, "periodNs", SHORTEST_NS + " or more", periodNs);
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.of("a monotonic clock cannot be strobed, as it would step back");
        }
    }

    /**
     * Has a leap second that nobody announced: UTC steps, smeared clocks smear it, TAI runs on.
     *
     * @param lastDay
     *            the UTC day at whose end it comes, the last of a month
     * @param change
     *            +1 for a second inserted, -1 for one removed
     */
    record LeapSecond(LocalDate lastDay, int change) implements Effect {

        public LeapSecond {
            check(lastDay != null && lastDay.getDayOfMonth() == lastDay.lengthOfMonth()
                    && lastDay.getYear() >= 1972 && lastDay.getYear() <= 2261, "lastDay",
                    "the last day of a month from 1972 to 2261", lastDay == null ? "none" : lastDay);
            check(change == 1 || change == -1, "change", "+1 or -1", change);
        }

        @Override
        public Optional<String> objectionOfMonotonic() {
            return Optional.of("a monotonic clock has no leap seconds");
        }
    }

    private static void check(boolean isGood, String component, String expected, Object got) {
        if (!isGood) {
            throw new IllegalArgumentException(component + ": expected " + expected + ", got " + got);
        }
    }
}
