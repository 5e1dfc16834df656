package io.clocktower.clock;

/**
 * A clock of a device: turns the host's time into the time of its type. VIRTIO 1.4, "Clock Types". An instance belongs
 * to one thread; a reading allocates nothing.
 */
public final class ServedClock {

    private final ClockSpec spec;
    private final LeapSeconds leapSeconds;
    private final SmearedUtc smearedUtc;
    private long monotonicNs = Long.MIN_VALUE;

    /**
     * @param leapSeconds
     *            the device's table, rehearsed leap seconds included
     */
    public ServedClock(ClockSpec spec, LeapSeconds leapSeconds) {
        this.spec = spec;
        this.leapSeconds = leapSeconds;
        this.smearedUtc = new SmearedUtc(leapSeconds, spec.smearing());
    }

    /** What the clock is. */
    public ClockSpec spec() {
        return spec;
    }

    /**
     * The clock's reading in nanoseconds since its epoch. A reading that is not {@linkplain #isRepresentable
     * representable} must not reach the driver.
     */
    public long readNs(HostClock host) {
        return switch (spec.type()) {
            case UTC -> leapSeconds.utcFromTai(host.taiNs());
            case TAI -> host.taiNs();
            case MONOTONIC -> monotonicNs = Math.max(monotonicNs, host.boottimeNs());
            case UTC_SMEARED -> smearedUtc.utcFromTai(host.taiNs());
            case UTC_MAYBE_SMEARED -> host.realtimeNs();
        };
    }

    /**
     * How long until the clock steps of its own accord, for a leap second, in nanoseconds; {@link Long#MAX_VALUE} if it
     * never does or none is known. Steps of the host's clock are not foreseen.
     */
    public long nsUntilStep(HostClock host) {
        return spec.type() == ClockType.UTC ? leapSeconds.nsUntilStep(host.taiNs()) : Long.MAX_VALUE;
    }

    /**
     * Whether a reading can be given to a driver: from the epoch, 1970 for all but a monotonic clock, to 2262-04-11
     * 23:47:16.854775807. Negative readings are those before and, as the 64 bits are signed here, those after. The
     * status for a read of such a clock is VIRTIO_RTC_S_EIO.
     */
    public static boolean isRepresentable(long readingNs) {
        return readingNs >= 0;
    }
}
