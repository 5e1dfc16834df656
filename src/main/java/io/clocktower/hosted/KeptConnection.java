package io.clocktower.hosted;

import io.clocktower.clock.ClockSpec;
import io.clocktower.counter.CounterLookup;
import io.clocktower.vhostuser.FrontEndState;
import java.util.List;
import java.util.Optional;

/**
 * The connection of a device's front-end, as a process that has ended left it.
 *
 * @param clocks of the device, which the guest knows
 * @param frontEnd its descriptors are those of who has this
 * @param counter how the guest's cycle counter follows the host's, if that was known
 */
public record KeptConnection(List<ClockSpec> clocks, FrontEndState frontEnd, Optional<CounterLookup.Known> counter) {}
