package io.clocktower.rtc;

import io.clocktower.clock.Effect;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import java.util.concurrent.TimeUnit;

/**
 * A clock and a counter read as one pair: the counter between two readings of the clock, the closer they are the better.
 * VIRTIO 1.4, "Read Requests". One is used over and over.
 */
final class CrossTimestamp {

    private static final int TRIES = 8;
    /** Near enough not to try again: a system call's time, of the host's. */
    private static final long GOOD_NS = 500;
    /** What no pair may be apart; further apart, the thread was interrupted at every try. */
    private static final long BOUND_NS = TimeUnit.MICROSECONDS.toNanos(20);

    /** How much faster than the host's time a clock may run. */
    private static final long FASTEST = 1 + Effect.HIGHEST_RATE_PPB / TimeUnit.SECONDS.toNanos(1);

    private long clockReading;
    private long counterCycles;
    private long lastCycles;
    private boolean hasLast;

    /** The clock's reading, in nanoseconds. */
    long clockReading() {
        return clockReading;
    }

    /** What the guest's counter showed at that reading. */
    long counterCycles() {
        return counterCycles;
    }

    /**
     * Reads a pair. A later pair's counter never shows less than an earlier one's.
     *
     * @return false on failure: the clock's reading cannot be represented, or the two could not be read closely
     */
    boolean take(ServedClock clock, GuestCounter counter, HostClock host) {
        long bestNs = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && bestNs > GOOD_NS; i++) {
            long fromNs = host.boottimeNs();
            long before = clock.readNs(host);
            long cycles = counter.readCycles();
            long after = clock.readNs(host);
            long apartNs = host.boottimeNs() - fromNs;
            if (apartNs >= 0 && apartNs < bestNs && isSteady(before, after, apartNs)) {
                bestNs = apartNs;
                clockReading = before + (after - before) / 2;
                counterCycles = cycles;
            }
        }
        if (bestNs > BOUND_NS) {
            return false;
        }
        if (hasLast && counterCycles - lastCycles < 0) {
            counterCycles = lastCycles;
        }
        lastCycles = counterCycles;
        hasLast = true;
        return true;
    }

    /** A clock that stepped in between says nothing about the counter. */
    private static boolean isSteady(long before, long after, long apartNs) {
        return ServedClock.isRepresentable(before) && ServedClock.isRepresentable(after)
                && Long.compareUnsigned(before, after) <= 0
                && Long.compareUnsigned(after - before, (apartNs + 1) * FASTEST) <= 0;
    }

    /** The next counter is a different one, or starts over. */
    void forget() {
        hasLast = false;
    }
}
