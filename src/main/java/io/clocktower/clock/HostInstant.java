package io.clocktower.clock;

import java.math.BigInteger;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * A host's clocks stopped at one instant, so that all clocks of a device can be read as of the same time.
 */
public record HostInstant(long taiNs, long realtimeNs, long boottimeNs) implements HostClock {

    /** Reads each of the clocks once, one right after the other. */
    public static HostInstant of(HostClock host) {
        return new HostInstant(host.taiNs(), host.realtimeNs(), host.boottimeNs());
    }

    /** The clocks that many nanoseconds later, or earlier, if they are not set in between. */
    public HostInstant plus(long ns) {
        return new HostInstant(UnsignedNs.add(taiNs, ns), UnsignedNs.add(realtimeNs, ns), boottimeNs + ns);
    }

    /** What the wall clock shows. */
    public Instant wallClock() {
        return instant(realtimeNs);
    }

    /** Unsigned nanoseconds from 1970-01-01 00:00 to an instant; empty if 64 bits cannot hold them. */
    public static OptionalLong ns(Instant instant) {
        BigInteger ns = BigInteger.valueOf(instant.getEpochSecond())
                .multiply(BigInteger.valueOf(LeapSeconds.NANOS_PER_SECOND)).add(BigInteger.valueOf(instant.getNano()));
        return ns.signum() < 0 || ns.bitLength() > Long.SIZE ? OptionalLong.empty() : OptionalLong.of(ns.longValue());
    }

    /** The instant that many nanoseconds, unsigned, after 1970-01-01 00:00. */
    public static Instant instant(long ns) {
        return Instant.ofEpochSecond(Long.divideUnsigned(ns, LeapSeconds.NANOS_PER_SECOND),
                Long.remainderUnsigned(ns, LeapSeconds.NANOS_PER_SECOND));
    }
}
