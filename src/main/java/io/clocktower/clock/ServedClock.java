package io.clocktower.clock;

/**
 * A clock of a device: turns the host's time into the time of its type, through the faults it is given. VIRTIO 1.4,
 * "Clock Types". An instance belongs to one thread; a reading allocates nothing.
 *
 * <p>Readings are unsigned nanoseconds since the clock's epoch, from 0 to 2^64 - 2: for all but a monotonic clock from
 * 1970 to 2554-07-21.
 */
public final class ServedClock {

    /** The reading of a clock whose time is out of range. */
    public static final long UNREPRESENTABLE = -1L;

    private final ClockSpec spec;
    private final LeapSeconds leapSeconds;
    private final SmearedUtc trueSmearedUtc;
    private final HostMoment moment = new HostMoment();
    private final LookAhead lookAhead = new LookAhead();
    private ServedTime time;
    private boolean isFaulty;
    /** The highest reading there was, if the clock is monotonic. */
    private long monotonicNs;

    /**
     * A clock without faults.
     *
     * @param leapSeconds
     *            the leap seconds there are
     */
    public ServedClock(ClockSpec spec, LeapSeconds leapSeconds) {
        this.spec = spec;
        this.leapSeconds = leapSeconds;
        trueSmearedUtc = new SmearedUtc(leapSeconds, spec.smearing());
        setFaults(FaultChain.NONE);
    }

    /** What the clock is. */
    public ClockSpec spec() {
        return spec;
    }

    /** From the next reading on the clock has these faults and no others. */
    public void setFaults(FaultChain chain) {
        time = new ServedTime(spec, leapSeconds, chain);
        isFaulty = !chain.isEmpty();
    }

    /**
     * What the clock shows. A reading that is not {@linkplain #isRepresentable representable} must not reach the driver.
     * A monotonic clock never shows less than it did: it stands still until its time has caught up.
     */
    public long readNs(HostClock host) {
        return held(isFaulty ? faultyNs(host) : trueNs(host));
    }

    /** What the clock would show if it had no faults. */
    public long trueNs(HostClock host) {
        return switch (spec.type()) {
            case UTC -> leapSeconds.utcFromTai(host.taiNs());
            case TAI -> host.taiNs();
            case MONOTONIC -> host.boottimeNs();
            case UTC_SMEARED -> trueSmearedUtc.utcFromTai(host.taiNs());
            case UTC_MAYBE_SMEARED -> host.realtimeNs();
        };
    }

    /**
     * What the faults make of the clock's own time scale, which is TAI, or for a monotonic clock the time since boot:
     * the {@linkplain AnchoredEffect#anchorNs anchor} of a fault that begins now and is composed after them.
     */
    public long scaleNs(HostClock host) {
        moment.take(host);
        return time.scaleNs(moment.taiNs(), moment.boottimeNs(), Sway.ACTUAL);
    }

    private long faultyNs(HostClock host) {
        moment.take(host);
        long scaleNs = time.scaleNs(moment.taiNs(), moment.boottimeNs(), Sway.ACTUAL);
        return time.readingNs(scaleNs, moment.taiNs(), moment.realtimeNs());
    }

    private long held(long readingNs) {
        if (spec.type() != ClockType.MONOTONIC || readingNs == UNREPRESENTABLE) {
            return readingNs;
        }
        return monotonicNs = UnsignedNs.max(monotonicNs, readingNs);
    }

    /** The highest reading that a monotonic clock showed, to be kept over a restart of the service; 0 for others. */
    public long monotonicNs() {
        return monotonicNs;
    }

    /** A monotonic clock shows no less than this from now on; others do not care. */
    public void holdMonotonic(long ns) {
        held(ns);
    }

    /**
     * How long the host's clocks can be left alone before an alarm must be looked at again: until the clock comes to its
     * time, or could fall back below it, by anything that is known. What jitter and strobe do is looked at once a
     * millisecond at the most, so an alarm that only they reach may be missed; while the clock's time is out of range,
     * once a second.
     *
     * @param alarmTimeNs
     *            unsigned nanoseconds on the clock
     * @return nanoseconds of the host's time, 1 or more; {@link Long#MAX_VALUE} if only a step of the host's clock can
     *         make a difference
     */
    public long nsUntilLook(long alarmTimeNs, HostClock host) {
        boolean isSettled = spec.type() == ClockType.MONOTONIC && !UnsignedNs.isBefore(monotonicNs, alarmTimeNs);
        return isSettled ? Long.MAX_VALUE : lookAhead.nsUntilLook(alarmTimeNs, time, host);
    }

    /**
     * Whether the clock's time is in range at an instant, whatever jitter and strobe draw. Between two
     * {@linkplain FaultChain#nextEdgeNs edges} of its faults it is, if it is at both ends.
     */
    public boolean isInRange(HostClock host) {
        moment.take(host);
        return isInRange(Sway.LOWEST) && isInRange(Sway.HIGHEST);
    }

    private boolean isInRange(Sway sway) {
        long scaleNs = time.scaleNs(moment.taiNs(), moment.boottimeNs(), sway);
        return isRepresentable(scaleNs)
                && isRepresentable(time.readingNs(scaleNs, moment.taiNs(), moment.realtimeNs()));
    }

    /** Whether a reading can be given to a driver. The status for a read of such a clock is VIRTIO_RTC_S_EIO if not. */
    public static boolean isRepresentable(long readingNs) {
        return readingNs != UNREPRESENTABLE;
    }
}
