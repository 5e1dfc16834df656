package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

import java.util.List;

/**
 * UTC without its steps: near a leap second the clock runs slower or faster until the second is made up for. VIRTIO
 * 1.4, "Smearing Variants" and the device requirements of "Control Requests". Immutable; readings allocate nothing.
 *
 * <p>With {@code X} the midnight after the leap second as Unix time counts it, and {@code d} = +1 for a positive and −1
 * for a negative one:
 *
 * <pre>
 * variant      from      to        elapsed SI s  smeared s  frequency
 * NOON_LINEAR  X-43200   X+43200   86400 + d     86400      86400 / (86400 + d)
 * UTC_SLS      X-1000+d  X         1000          1000 - d   1 - d / 1000
 * </pre>
 *
 * <p>For UTC_SLS this is the last 1,000 SI seconds of the day at a frequency changed by exactly 0.1 %, as specified.
 * For NOON_LINEAR the specification asks for all of: noon to noon, no step, and 1/86400, which exclude each other by 12
 * µs if the fraction is of the SI frequency; here it is of the smeared second, which lasts 1 + d/86400 SI seconds.
 *
 * <p>A reading is the exact value rounded down to the nanosecond, so it is exact at both ends, never goes back, and
 * rises between any two instants 2 ns apart. {@link Smearing#UNSPECIFIED} is served as NOON_LINEAR.
 */
final class SmearedUtc {

    private static final long HALF_DAY_SECONDS = 43_200;
    private static final long SLS_SECONDS = 1_000;

    private final LeapSeconds leapSeconds;
    private final List<LeapSeconds.Entry> entries;
    private final boolean isSls;

    SmearedUtc(LeapSeconds leapSeconds, Smearing smearing) {
        this.leapSeconds = leapSeconds;
        this.entries = leapSeconds.entries();
        this.isSls = smearing == Smearing.UTC_SLS;
    }

    /** The smeared UTC count at an instant of TAI; both in unsigned nanoseconds, see {@link LeapSeconds}. */
    long utcFromTai(long taiNs) {
        // From the last leap second backwards: all but readings of the past are answered in the first round.
        for (int i = entries.size() - 1; i > 0; i--) {
            int before = entries.get(i - 1).taiMinusUtcSeconds();
            int after = entries.get(i).taiMinusUtcSeconds();
            long midnight = entries.get(i).utcSeconds();
            long startTaiNs = (isSls ? midnight + after - SLS_SECONDS : midnight + before - HALF_DAY_SECONDS)
                    * NANOS_PER_SECOND;
            if (!UnsignedNs.isBefore(taiNs, startTaiNs)) {
                return sinceStart(taiNs, taiNs - startTaiNs, before, after);
            }
        }
        return leapSeconds.utcFromTai(taiNs);
    }

    private long sinceStart(long taiNs, long elapsedNs, int before, int after) {
        int change = after - before;
        long lengthSeconds = isSls ? SLS_SECONDS : 2 * HALF_DAY_SECONDS + change;
        if (!UnsignedNs.isBefore(elapsedNs, lengthSeconds * NANOS_PER_SECOND)) {
            return leapSeconds.utcFromTai(taiNs);
        }
        return taiNs - before * NANOS_PER_SECOND + Math.floorDiv(-change * elapsedNs, lengthSeconds);
    }
}
