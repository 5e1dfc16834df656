package io.clocktower.clock;

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
}
