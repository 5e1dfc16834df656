package io.clocktower.clock;

/**
 * The host's clocks, in nanoseconds. All time that a device serves is derived from these three, so a test that passes
 * in a clock of its own decides what time it is. Unsigned, with {@link ServedClock#UNREPRESENTABLE} for a time before
 * 1970, except for the time since boot, which is signed and never that far.
 */
public interface HostClock {

    /** International Atomic Time since 1970-01-01 00:00 TAI. */
    long taiNs();

    /** The host's wall clock since 1970-01-01 00:00 UTC, as the host keeps it around leap seconds. */
    long realtimeNs();

    /** Time since the host's boot, suspension included; never goes back. */
    long boottimeNs();
}
