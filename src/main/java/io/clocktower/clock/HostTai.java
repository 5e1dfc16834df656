package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

/**
 * How {@link HostClock#taiNs} is made on Linux, whose CLOCK_TAI is CLOCK_REALTIME plus an offset that is zero until a
 * time daemon sets it. Many hosts have none that does.
 */
public final class HostTai {

    /**
     * TAI − UTC has been no less since 1972. A smaller offset was not set by anyone: the kernel counts its offset up at
     * a leap second even from zero.
     */
    private static final long LEAST_OFFSET_SECONDS = 10;

    private HostTai() {}

    /**
     * TAI from two readings of the kernel: CLOCK_TAI where the kernel knows its offset, else CLOCK_REALTIME and the
     * table; see {@link LeapSeconds#taiFromUtc} for what that is worth in a leap second.
     *
     * @param clockTaiNs
     *            CLOCK_TAI in nanoseconds, read first: time that passes between the readings then makes the offset look
     *            smaller, and never one that nobody set look known
     * @param clockRealtimeNs
     *            CLOCK_REALTIME in nanoseconds
     * @return unsigned nanoseconds; {@link ServedClock#UNREPRESENTABLE} if the kernel's clock is set before 1970
     */
    public static long taiNs(long clockTaiNs, long clockRealtimeNs, LeapSeconds leapSeconds) {
        return isOffsetKnown(clockTaiNs, clockRealtimeNs)
                ? ofKernel(clockTaiNs)
                : leapSeconds.taiFromUtc(ofKernel(clockRealtimeNs));
    }

    /** The kernel's nanoseconds are signed; before 1970 there is no time to serve. */
    private static long ofKernel(long ns) {
        return ns < 0 ? ServedClock.UNREPRESENTABLE : ns;
    }

    /** Whether the kernel knows its TAI offset, from readings as in {@link #taiNs}. */
    public static boolean isOffsetKnown(long clockTaiNs, long clockRealtimeNs) {
        long nearestSeconds = Math.floorDiv(clockTaiNs - clockRealtimeNs + NANOS_PER_SECOND / 2, NANOS_PER_SECOND);
        return nearestSeconds >= LEAST_OFFSET_SECONDS;
    }
}
