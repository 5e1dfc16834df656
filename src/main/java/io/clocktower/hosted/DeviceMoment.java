package io.clocktower.hosted;

import io.clocktower.counter.CounterSource;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.Obstacle;
import io.clocktower.vhostuser.BackEndStatus;
import java.util.Optional;

/**
 * What a device's loop alone knows of it, at one time. The thread that asked makes the status of it: that takes much
 * longer, and the loop would serve no guest in that time.
 */
public record DeviceMoment(DeviceSpec spec, boolean isConfigured, DeviceVersion version, DeviceState state,
        Optional<String> reason, Optional<Obstacle> obstacle, Optional<BackEndStatus> backEnd, ClocksMoment clocks,
        CounterSource.Found counter, String counterReason, DeviceCounters counters) {

    /** Any thread may ask. */
    public DeviceStatus status() {
        return new DeviceStatus(spec, isConfigured, version, state, reason, obstacle,
                backEnd.map(DeviceStatus.FrontEnd::of), clocks.clocks(), clocks.faultEffects(), counter.mapping(),
                counterReason, counters.requests(), counters.count(DeviceCounters.Event.CONNECTION_ACCEPTED),
                counters.count(DeviceCounters.Event.CONNECTION_REFUSED),
                counters.count(DeviceCounters.Event.PROTOCOL_ERROR), counters.count(DeviceCounters.Event.RING_ERROR));
    }
}
