package io.clocktower.clock;

import static io.clocktower.clock.LeapSeconds.NANOS_PER_SECOND;

/**
 * A clock's time as a function of the host's: through the faults to its own time scale, and from there to what it shows.
 * Immutable; readings allocate nothing.
 */
final class ServedTime {

    /** More than a table has, of one a month. */
    private static final int MAX_STEPS = 10_000;

    private final ClockType type;
    private final LeapSeconds trueTable;
    private final LeapSeconds table;
    private final FaultChain faults;
    private final SmearedUtc smearedUtc;

    ServedTime(ClockSpec spec, LeapSeconds trueTable, FaultChain faults) {
        this.type = spec.type();
        this.trueTable = trueTable;
        this.faults = faults;
        table = faults.isEmpty() ? trueTable : faults.leapSeconds();
        smearedUtc = new SmearedUtc(table, spec.smearing());
    }

    FaultChain faults() {
        return faults;
    }

    /** TAI as the faults leave it, or for a monotonic clock the time since boot. */
    long scaleNs(long taiNs, long boottimeNs, Sway sway) {
        return faults.apply(type == ClockType.MONOTONIC ? boottimeNs : taiNs, boottimeNs, sway);
    }

    /** What the clock shows when its time scale is there. */
    long readingNs(long scaleNs, long taiNs, long realtimeNs) {
        return switch (type) {
            case UTC -> table.utcFromTai(scaleNs);
            case TAI, MONOTONIC -> scaleNs;
            case UTC_SMEARED -> smearedUtc.utcFromTai(scaleNs);
            case UTC_MAYBE_SMEARED -> faults.isEmpty() ? realtimeNs : movedNs(scaleNs, taiNs, realtimeNs);
        };
    }

    /** The host's wall clock moved as far as UTC is from true to served time. */
    private long movedNs(long scaleNs, long taiNs, long realtimeNs) {
        long leapNs = NANOS_PER_SECOND
                * (trueTable.taiMinusUtcSecondsAtTai(taiNs) - table.taiMinusUtcSecondsAtTai(scaleNs));
        return UnsignedNs.shift(UnsignedNs.add(realtimeNs, leapNs), taiNs, scaleNs);
    }

    /**
     * A number that changes where the clock steps for a leap second, as its time scale goes on or back, and nowhere
     * else. Each step that the scale passes changes the reading by a second.
     */
    int steps(long scaleNs, long taiNs) {
        return switch (type) {
            case UTC -> table.stepsUntilTai(scaleNs);
            case TAI, MONOTONIC, UTC_SMEARED -> 0;
            case UTC_MAYBE_SMEARED -> faults.isEmpty()
                    ? 0
                    : table.stepsUntilTai(scaleNs) + MAX_STEPS * trueTable.stepsUntilTai(taiNs);
        };
    }
}
