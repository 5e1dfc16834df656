package io.clocktower.clock;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The difference between TAI and UTC from 1972 on, and the conversions that follow from it. Immutable; the conversions
 * allocate nothing.
 *
 * <p>UTC is counted as VIRTIO 1.4, "Clock Types", has it: seconds since 1970-01-01 00:00 UTC as in Unix time, so that a
 * day has 86,400 of them. Where an entry comes into force at the count {@code X}, the count steps at the start of the
 * leap second, at the TAI instant {@code X + min(old, new)}: back by 1 s from {@code X} to {@code X - 1} for a positive
 * leap second, forward by 1 s from {@code X - 1} to {@code X} for a negative one. UTC had no leap seconds before 1972;
 * the first entry's 10 s are used for all of the time before.
 *
 * <p>Readings are unsigned nanoseconds. From {@link ServedClock#UNREPRESENTABLE}, and where a result is before 1970 or
 * past 2554-07-21, comes that.
 */
public final class LeapSeconds {

    /**
     * From the UTC count {@code utcSeconds} on, the midnight after a leap second, TAI is ahead of UTC by
     * {@code taiMinusUtcSeconds}.
     */
    public record Entry(long utcSeconds, int taiMinusUtcSeconds) {}

    static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NEAR_NS = 2 * NANOS_PER_SECOND;

    private static final long SECONDS_PER_DAY = 86_400;
    private static final Entry FIRST = new Entry(secondsAtMidnight(1972, 1, 1), 10);
    /** An entry at or after this has no room for its nanoseconds and the half day of smearing that follows it. */
    private static final long END_SECONDS = secondsAtMidnight(2262, 1, 1);

    private final List<Entry> entries;
    private final Instant expiresAt;
    private final String source;

    private final long[] utcNs;
    private final long[] stepTaiNs;
    private final long[] offsetNs;

    /**
     * @param entries
     *            the first one is 1972-01-01 with 10 s
     * @throws IllegalArgumentException
     *             if {@link #objection} has one to an entry
     */
    LeapSeconds(List<Entry> entries, Instant expiresAt, String source) {
        this.entries = List.copyOf(entries);
        this.expiresAt = expiresAt;
        this.source = source;
        int size = this.entries.size();
        if (size == 0) {
            throw new IllegalArgumentException("a leap second table has at least the entry of 1972-01-01");
        }
        utcNs = new long[size];
        stepTaiNs = new long[size];
        offsetNs = new long[size];
        Entry previous = null;
        for (int i = 0; i < size; i++) {
            Entry entry = this.entries.get(i);
            objection(previous, entry).ifPresent(reason -> {
                throw new IllegalArgumentException(reason);
            });
            int earlierOffset = previous == null ? entry.taiMinusUtcSeconds : previous.taiMinusUtcSeconds;
            utcNs[i] = entry.utcSeconds * NANOS_PER_SECOND;
            stepTaiNs[i] = (entry.utcSeconds + Math.min(earlierOffset, entry.taiMinusUtcSeconds)) * NANOS_PER_SECOND;
            offsetNs[i] = entry.taiMinusUtcSeconds * NANOS_PER_SECOND;
            previous = entry;
        }
    }

    /** The table of all leap seconds up to the time of this release. */
    public static LeapSeconds builtIn() {
        return BuiltInLeapSeconds.TABLE;
    }

    /** Why {@code entry} cannot follow {@code previous}, which is null for the first entry; empty if it can. */
    static Optional<String> objection(Entry previous, Entry entry) {
        if (previous == null) {
            return entry.equals(FIRST)
                    ? Optional.empty()
                    : Optional.of("the first entry must be 1972-01-01 with 10 s, not " + describe(entry));
        }
        if (entry.utcSeconds <= previous.utcSeconds) {
            return Optional.of(describe(entry) + " does not come after " + describe(previous));
        }
        if (entry.utcSeconds >= END_SECONDS) {
            return Optional.of(describe(entry) + " is too far in the future");
        }
        if (entry.utcSeconds % SECONDS_PER_DAY != 0
                || LocalDate.ofEpochDay(entry.utcSeconds / SECONDS_PER_DAY).getDayOfMonth() != 1) {
            return Optional.of(describe(entry) + " is not the first midnight of a month");
        }
        if (Math.abs((long) entry.taiMinusUtcSeconds - previous.taiMinusUtcSeconds) != 1) {
            return Optional.of(describe(entry) + " is not one second more or less than " + describe(previous));
        }
        return Optional.empty();
    }

    /** Seconds by which TAI is ahead of UTC at an instant of TAI; a new value holds from the start of a leap second. */
    public int taiMinusUtcSecondsAtTai(long taiNs) {
        return (int) (offsetNsAtTai(taiNs) / NANOS_PER_SECOND);
    }

    /** The UTC count at an instant of TAI, in nanoseconds; see the class for what happens at a leap second. */
    public long utcFromTai(long taiNs) {
        return UnsignedNs.add(taiNs, -offsetNsAtTai(taiNs));
    }

    /**
     * The instant of TAI at a UTC count, in nanoseconds.
     *
     * <p>A positive leap second is counted twice: the readings from {@code X - 1} to {@code X} are taken as the second
     * before it, so the result is right until the leap second begins, is behind by 1 s in it, and is right again after
     * it. No UTC clock shows the second a negative leap second takes away; a reading in it comes from a clock that has
     * not heard of the leap second, and is taken to go on as that clock does.
     */
    public long taiFromUtc(long utcNs) {
        int i = this.utcNs.length - 1;
        while (i > 0 && UnsignedNs.isBefore(utcNs, this.utcNs[i])) {
            i--;
        }
        return UnsignedNs.add(utcNs, offsetNs[i]);
    }

    /** Whether a UTC count in nanoseconds is within two seconds of the end of a leap second. */
    boolean isLeapSecondNear(long utcNs) {
        for (int i = this.utcNs.length - 1; i > 0 && UnsignedNs.isBefore(utcNs, this.utcNs[i] + NEAR_NS); i--) {
            if (UnsignedNs.isBefore(this.utcNs[i] - NEAR_NS, utcNs)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The instant of TAI in an inserted leap second.
     *
     * @param utcNs
     *            the UTC count in the second before it, which is also the count in the leap second
     * @return unsigned nanoseconds; empty if this table has no leap second there
     */
    public OptionalLong taiFromLeapSecond(long utcNs) {
        for (int i = 1; i < this.utcNs.length; i++) {
            boolean isBefore = UnsignedNs.isBefore(utcNs, this.utcNs[i])
                    && !UnsignedNs.isBefore(utcNs, this.utcNs[i] - NANOS_PER_SECOND);
            if (isBefore && offsetNs[i] > offsetNs[i - 1]) {
                return OptionalLong.of(utcNs + offsetNs[i]);
            }
        }
        return OptionalLong.empty();
    }

    /** How many entries of the table apply at an instant of TAI; the first, of 1972, is not a step. */
    int stepsUntilTai(long taiNs) {
        // From the last entry backwards: all but readings of the past are answered by the first comparison.
        int i = stepTaiNs.length;
        while (i > 0 && UnsignedNs.isBefore(taiNs, stepTaiNs[i - 1])) {
            i--;
        }
        return i;
    }

    private long offsetNsAtTai(long taiNs) {
        // Before 1972 there is no step, yet the offset is that of the first entry.
        return offsetNs[Math.max(0, stepsUntilTai(taiNs) - 1)];
    }

    /**
     * This table with one more leap second, to rehearse one that has not been announced.
     *
     * @param lastDay
     *            the UTC day at whose end it comes: the last of a month, and after the last leap second of this table,
     *            so that no reading of the past changes
     * @param change
     *            +1 for a second inserted, -1 for a second removed
     * @throws InvalidComponentException
     *             if no leap second can have such a day or change
     */
    public LeapSeconds with(LocalDate lastDay, int change) {
        if (change != 1 && change != -1) {
            throw new InvalidComponentException("change", change + ", expected +1 or -1");
        }
        Entry last = entries.getLast();
        LocalDate nextDay = lastDay.isBefore(LocalDate.MAX) ? lastDay.plusDays(1) : lastDay;
        Entry added = new Entry(nextDay.toEpochDay() * SECONDS_PER_DAY, last.taiMinusUtcSeconds + change);
        if (objection(last, added).isPresent()) {
            throw new InvalidComponentException("lastDay", "%s, expected the last day of a month after %s and before %s"
                    .formatted(lastDay, dayBefore(last.utcSeconds), dayBefore(END_SECONDS)));
        }
        List<Entry> more = new ArrayList<>(entries);
        more.add(added);
        return new LeapSeconds(more, expiresAt,
                source + " with a rehearsed " + (change > 0 ? "+1" : "-1") + " s on " + lastDay);
    }

    /** From when on a leap second may have been announced that this table does not know. */
    public Instant expiresAt() {
        return expiresAt;
    }

    /** Whether the table has expired at a UTC count in nanoseconds. */
    public boolean isExpiredAt(long utcNs) {
        return Long.divideUnsigned(utcNs, NANOS_PER_SECOND) >= expiresAt.getEpochSecond();
    }

    /** {@code built-in}, or the path of the list, and the leap seconds rehearsed on top of it. */
    public String source() {
        return source;
    }

    /** All entries, oldest first. */
    public List<Entry> entries() {
        return entries;
    }

    static long secondsAtMidnight(int year, int month, int day) {
        return LocalDate.of(year, month, day).toEpochDay() * SECONDS_PER_DAY;
    }

    private static LocalDate dayBefore(long midnightSeconds) {
        return LocalDate.ofEpochDay(midnightSeconds / SECONDS_PER_DAY - 1);
    }

    private static String describe(Entry entry) {
        return Instant.ofEpochSecond(entry.utcSeconds).atOffset(ZoneOffset.UTC).toLocalDateTime() + " with "
                + entry.taiMinusUtcSeconds + " s";
    }
}
