package io.clocktower.clock;

import java.time.Instant;

/**
 * A host's clocks stopped at one instant, so that all clocks of a device can be read as of the same time.
 */
public record HostInstant(long taiNs, long realtimeNs, long boottimeNs) implements HostClock {

    /** Reads each of the clocks once, one right after the other. */
    public static HostInstant of(HostClock host) {
        return new HostInstant(host.taiNs(), host.realtimeNs(), host.boottimeNs());
    }

    /** The clocks that many nanoseconds later, or earlier, if nobody sets them meanwhile. */
    public HostInstant plus(long ns) {
        return new HostInstant(UnsignedNs.add(taiNs, ns), UnsignedNs.add(realtimeNs, ns), boottimeNs + ns);
    }

    /** What the wall clock shows. */
    public Instant wallClock() {
        return instant(realtimeNs);
    }

    /** The instant that many nanoseconds, unsigned, after 1970-01-01 00:00. */
    public static Instant instant(long ns) {
        return Instant.ofEpochSecond(Long.divideUnsigned(ns, LeapSeconds.NANOS_PER_SECOND),
                Long.remainderUnsigned(ns, LeapSeconds.NANOS_PER_SECOND));
    }
}
