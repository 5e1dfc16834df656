package io.clocktower.guest;

import java.time.Duration;
import java.util.function.LongSupplier;

/** A clock of a device that has the default ones, as a guest and as its host know it. */
enum PtpClock {

    /** Smeared from noon to noon. */
    UTC_SMEARED("Virtio PTP type 3/variant 1", HostReading::realtimeNs, 0),
    /** Ahead of UTC by the leap seconds so far. */
    TAI("Virtio PTP type 1/variant 0", HostReading::taiNs, 0),
    /** The host's time since boot. */
    MONOTONIC("Virtio PTP type 2/variant 0", HostReading::boottimeNs, HostReading.uptimeErrorNs()),
    /** The host's wall clock, while there is no leap second. */
    UTC("Virtio PTP type 0/variant 0", HostReading::realtimeNs, 0);

    /** How far a guest's reading may be from what the host's clock shows meanwhile. */
    private static final long TOLERANCE_NS = Duration.ofMillis(5).toNanos();

    private final String label;
    private final LongSupplier host;
    private final long hostErrorNs;

    PtpClock(String label, LongSupplier host, long hostErrorNs) {
        this.label = label;
        this.host = host;
        this.hostErrorNs = hostErrorNs;
    }

    /** What the driver names its PTP clock. */
    String label() {
        return label;
    }

    /** What the host's own clock says that this one should show. */
    long hostNs() {
        return host.getAsLong();
    }

    long toleranceNs() {
        return TOLERANCE_NS + hostErrorNs;
    }
}
