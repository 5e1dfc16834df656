package io.clocktower.clock;

/** The kind of time a clock serves. VIRTIO 1.4, "Clock Types". */
public enum ClockType {

    /** Coordinated Universal Time since 1970-01-01 00:00 UTC; steps at the start of a leap second. */
    UTC(0),
    /** International Atomic Time since 1970-01-01 00:00 TAI; never steps. */
    TAI(1),
    /** Physical time since the host's boot; never goes back. */
    MONOTONIC(2),
    /** UTC with leap seconds smeared as the clock's {@link Smearing} says; never steps. */
    UTC_SMEARED(3),
    /** The host's wall clock as it is. */
    UTC_MAYBE_SMEARED(4);

    private final int id;

    ClockType(int id) {
        this.id = id;
    }

    /** The value of the {@code type} field of {@code struct virtio_rtc_resp_clock_cap}. */
    public int id() {
        return id;
    }
}
