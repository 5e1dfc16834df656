package io.clocktower.clock;

/** How a clock spreads a leap second. VIRTIO 1.4, "Smearing Variants". */
public enum Smearing {

    /** Not smeared, or not said how. */
    UNSPECIFIED(0),
    /** Linear, from noon before the leap second to noon after it. */
    NOON_LINEAR(1),
    /** Linear, over the last 1,000 seconds of the day with the leap second. */
    UTC_SLS(2);

    private final int id;

    Smearing(int id) {
        this.id = id;
    }

    /** The value of the {@code leap_second_smearing} field of {@code struct virtio_rtc_resp_clock_cap}. */
    public int id() {
        return id;
    }
}
