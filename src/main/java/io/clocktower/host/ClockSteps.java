package io.clocktower.host;

import io.clocktower.clock.HostClock;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Notices that somebody or something stepped the host's wall clock: it then moved by another amount than the time since boot
 * did. A clock that NTP slews does not step. One thread owns it.
 */
public final class ClockSteps {

    /** Slewing moves a clock by half a millisecond a second. */
    static final long LEAST_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final HostClock host;
    private long differenceNs;
    private long seenNs;

    public ClockSteps(HostClock host) {
        this.host = host;
        differenceNs = difference();
        seenNs = differenceNs;
    }

    private long difference() {
        return host.realtimeNs() - host.boottimeNs();
    }

    /**
     * Looks at the clocks, about once a second. Two looks in a row must find a step, because a thread can lose the processor
     * between its readings of the two clocks.
     *
     * @return by how much the wall clock stepped, positive if ahead; empty if it did not
     */
    public OptionalLong look() {
        long beforeNs = seenNs;
        seenNs = difference();
        long stepNs = seenNs - differenceNs;
        if (Math.abs(stepNs) >= LEAST_NS && Math.abs(seenNs - beforeNs) < LEAST_NS) {
            differenceNs = seenNs;
            return OptionalLong.of(stepNs);
        }
        if (Math.abs(stepNs) < LEAST_NS) {
            // It was slewed.
            differenceNs = seenNs;
        }
        return OptionalLong.empty();
    }
}
