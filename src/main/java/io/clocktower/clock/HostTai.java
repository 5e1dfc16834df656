package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * How {@link HostClock#taiNs} is made on Linux. Its CLOCK_TAI is CLOCK_REALTIME plus an offset that is zero until a time
 * daemon sets it, and that may be wrong. So TAI is CLOCK_REALTIME plus the offset of the leap second table, and served
 * UTC is CLOCK_REALTIME, whatever the kernel's offset. CLOCK_TAI is used only about a leap second, and where its offset is the
 * table's: it then differs in nothing but that it runs on while CLOCK_REALTIME steps.
 */
public final class HostTai {

    /**
     * TAI − UTC has been no less since 1972. A smaller offset was never set: the kernel counts its offset up at a leap
     * second even from zero.
     */
    private static final long LEAST_OFFSET_SECONDS = 10;
    /** The time between two readings that are used as one; more is a pause of the thread or a step of the clock. */
    private static final long LONGEST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private HostTai() {}

    /**
     * Whether CLOCK_REALTIME alone tells TAI: with the table's offset it shows what {@link #taiNs} would, in all seconds that
     * are not about a leap second.
     *
     * @param clockRealtimeNs
     *            CLOCK_REALTIME in nanoseconds
     */
    public static boolean isToldByRealtime(long clockRealtimeNs, LeapSeconds leapSeconds) {
        return clockRealtimeNs >= 0 && !leapSeconds.isLeapSecondNear(clockRealtimeNs);
    }

    /**
     * TAI from two readings of the kernel; see {@link LeapSeconds#taiFromUtc} for its value in a leap second that the
     * kernel does not know. A step of the host's clock between the readings makes no difference.
     *
     * @param clockTaiNs
     *            CLOCK_TAI in nanoseconds, read first
     * @param clockRealtimeNs
     *            CLOCK_REALTIME in nanoseconds
     * @return unsigned nanoseconds; {@link ServedClock#UNREPRESENTABLE} if the kernel's clock is set before 1970
     */
    public static long taiNs(long clockTaiNs, long clockRealtimeNs, LeapSeconds leapSeconds) {
        long tableNs = leapSeconds.taiMinusUtcSecondsAtTai(ofKernel(clockTaiNs)) * NANOS_PER_SECOND;
        long apartNs = tableNs - (clockTaiNs - clockRealtimeNs);
        return clockTaiNs >= 0 && apartNs >= 0 && apartNs < LONGEST_PAUSE_NS
                ? clockTaiNs
                : leapSeconds.taiFromUtc(ofKernel(clockRealtimeNs));
    }

    /** The kernel's nanoseconds are signed; before 1970 there is no time to serve. */
    private static long ofKernel(long ns) {
        return ns < 0 ? ServedClock.UNREPRESENTABLE : ns;
    }

    /** The kernel's TAI offset in seconds, from readings as in {@link #taiNs}; empty if it was never set. */
    public static OptionalLong kernelOffsetSeconds(long clockTaiNs, long clockRealtimeNs) {
        long nearestSeconds = Math.floorDiv(clockTaiNs - clockRealtimeNs + NANOS_PER_SECOND / 2, NANOS_PER_SECOND);
        return nearestSeconds >= LEAST_OFFSET_SECONDS ? OptionalLong.of(nearestSeconds) : OptionalLong.empty();
    }
}
