package io.clocktower.fault;

import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import java.util.OptionalLong;

/** When a clock comes to a time, by its faults as they are: found by looking, as an alarm's timer does. */
final class DueTime {

    private static final int MAX_LOOKS = 200;
    private static final long HORIZON_NS = Long.MAX_VALUE / 2;

    private DueTime() {}

    /**
     * @param timeNs on the clock, unsigned
     * @return from now, in nanoseconds of the host's time; negative, by what the clock is past the time, if it has come to
     *         it; nothing if it never does. With jitter, or after very many faults, it may be somewhat early.
     */
    static OptionalLong nsUntil(Faults faults, int clockId, long timeNs, HostInstant now) {
        Faults current = faults.at(now);
        ServedClock clock = current.clock(clockId);
        long atNs = 0;
        for (int look = 0; look < MAX_LOOKS; look++) {
            HostInstant then = now.plus(atNs);
            current = current.at(then);
            clock.setFaults(current.chain(clockId));
            long readingNs = clock.readNs(then);
            if (ServedClock.isRepresentable(readingNs) && Long.compareUnsigned(readingNs, timeNs) >= 0) {
                return OptionalLong.of(look == 0 ? -pastNs(timeNs, readingNs) : atNs);
            }
            long nextChangeNs = current.nextChangeNs();
            long stepNs = Math.min(clock.nsUntilLook(timeNs, then),
                    nextChangeNs == Long.MAX_VALUE ? nextChangeNs : nextChangeNs - then.boottimeNs());
            if (stepNs > HORIZON_NS - atNs) {
                return OptionalLong.empty();
            }
            atNs += stepNs;
        }
        return OptionalLong.of(atNs);
    }

    /** By what a reading is past a time, or as far as a signed number goes. */
    private static long pastNs(long timeNs, long readingNs) {
        long pastNs = readingNs - timeNs;
        return pastNs < 0 ? Long.MAX_VALUE : pastNs;
    }
}
