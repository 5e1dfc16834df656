package io.clocktower.handover;

import io.clocktower.clock.ClockSpec;
import io.clocktower.counter.CounterLookup;
import io.clocktower.vhostuser.FrontEndState;
import java.util.List;
import java.util.Optional;

/**
 * A connection as it is kept in the service manager.
 *
 * @param format which rises when an earlier release cannot read it
 * @param changes how often the connection had changed; it is of use only if it has not changed since
 */
record KeptRecord(int format, long changes, List<ClockSpec> clocks, FrontEndState frontEnd,
        Optional<CounterLookup.Known> counter) {

    /** What this release writes and reads. */
    static final int FORMAT = 1;
}
