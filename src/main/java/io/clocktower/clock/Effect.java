package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

import java.time.LocalDate;

/**
 * What a fault does to a clock's time. Elapsed time is the host's, counted from the fault's start, suspension included.
 * Each constructor throws {@link InvalidComponentException} if a component is not valid.
 */
public sealed interface Effect {

    /** What no rate is above: a clock a thousand times as fast as it should be. In billionths of elapsed time. */
    long HIGHEST_RATE_PPB = 999 * NANOS_PER_SECOND;

    /** What jitter and strobe do not change faster than, in nanoseconds of elapsed time. */
    long SHORTEST_NS = 1_000;

    /** The component that stands for the whole effect in {@link InvalidComponentException}. */
    String EFFECT = "effect";

    /**
     * Rejects a type of clock that cannot have the effect: a monotonic one that would step back, or one to which the effect
     * means nothing.
     *
     * @throws InvalidComponentException
     *             of the component that the clock cannot have, or of {@link #EFFECT}
     */
    default void checkFor(ClockType type) {}

    /** The effect with another seed for its draws; the same effect if it draws nothing. */
    default Effect withSeed(long seed) {
        return this;
    }

    /**
     * Is off by an offset.
     *
     * @param offsetNs
     *            any number of nanoseconds, of which 0 changes nothing
     */
    record Step(long offsetNs) implements Effect {

        @Override
        public void checkFor(ClockType type) {
            if (type == ClockType.MONOTONIC && offsetNs < 0) {
                throw new InvalidComponentException("offsetNs",
                        offsetNs + ", expected 0 or more: a monotonic clock cannot step back");
            }
        }
    }

    /**
     * Shows a time of day at its start and runs on from there.
     *
     * @param utcNs
     *            UTC, an unsigned count of nanoseconds since 1970 other than {@link ServedClock#UNREPRESENTABLE}
     * @param isLeapSecond
     *            whether the time is in the inserted leap second that follows that second and has the same count
     */
    record SetTime(long utcNs, boolean isLeapSecond) implements Effect {

        /** A time that is not in a leap second. */
        public SetTime(long utcNs) {
            this(utcNs, false);
        }

        public SetTime {
            check(utcNs != ServedClock.UNREPRESENTABLE, "utcNs", "0 to 18446744073709551614",
                    Long.toUnsignedString(utcNs));
        }

        /**
         * The instant of TAI that the clocks show at the start of the fault.
         *
         * @param table
         *            of the clock, with the leap seconds that are rehearsed then
         * @return unsigned nanoseconds
         * @throws InvalidComponentException
         *             if the time is in a leap second that the table does not have
         */
        public long taiNs(LeapSeconds table) {
            return isLeapSecond
                    ? table.taiFromLeapSecond(utcNs)
                            .orElseThrow(() -> new InvalidComponentException("utcNs",
                                    time() + ", expected a leap second that has been or is rehearsed"))
                    : table.taiFromUtc(utcNs);
        }

        /** The time as it is written. */
        public UtcTime time() {
            return new UtcTime(HostInstant.instant(utcNs), isLeapSecond);
        }

        @Override
        public void checkFor(ClockType type) {
            rejectMonotonic(type, "a monotonic clock has no time of day");
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
    }

    /** Stands still at what it showed at the start. */
    record Freeze() implements Effect {}

    /**
     * Is off by an offset that is drawn again at each interval, each offset as likely as any other.
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
        public void checkFor(ClockType type) {
            rejectMonotonic(type, "a monotonic clock cannot jitter: it would step back");
        }

        @Override
        public Jitter withSeed(long other) {
            return new Jitter(rangeNs, intervalNs, other);
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
        public void checkFor(ClockType type) {
            rejectMonotonic(type, "a monotonic clock cannot strobe: it would step back");
        }
    }

    /**
     * Has a leap second that was not announced: UTC steps, smeared clocks smear it, TAI runs on.
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
        public void checkFor(ClockType type) {
            if (type == ClockType.MONOTONIC || type == ClockType.TAI) {
                throw new InvalidComponentException(EFFECT,
                        "a " + Words.of(type) + " clock has no leap seconds");
            }
        }
    }

    private static void rejectMonotonic(ClockType type, String detail) {
        if (type == ClockType.MONOTONIC) {
            throw new InvalidComponentException(EFFECT, detail);
        }
    }

    private static void check(boolean isGood, String component, String expected, Object got) {
        if (!isGood) {
            throw new InvalidComponentException(component, got + ", expected " + expected);
        }
    }
}
