package io.clocktower.hosted;

import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.hosted.DeviceSnapshot.Begun;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The clocks of a device and their faults at an instant. The device's loop makes it, and any thread can read it.
 *
 * @param begun by the id of each fault that acts
 * @param monotonicNs by clock, what a monotonic one had come to
 * @param reads by clock, how often the guest had read it
 * @param counters for what else is said of reads, which may be of a moment later
 */
record ClocksMoment(DeviceSpec spec, Faults faults, Map<String, Begun> begun, long[] monotonicNs, long[] reads,
        List<AlarmStatus> alarms, DeviceCounters counters, HostInstant now) {

    /** Each clock, with its alarm. */
    List<DeviceStatus.Clock> clocks() {
        Map<Integer, AlarmStatus> ofClocks = alarms.stream()
                .collect(Collectors.toMap(AlarmStatus::clockId, Function.identity()));
        return IntStream.range(0, reads.length).mapToObj(id -> {
            ServedClock clock = faults.clock(id);
            clock.holdMonotonic(monotonicNs[id]);
            List<Fault> active = faults.list().stream()
                    .filter(fault -> fault.anchorsNs().containsKey(id) && fault.endNs() > now.boottimeNs()).toList();
            return new DeviceStatus.Clock(spec.clocks().get(id), ClockReading.of(id, clock, now),
                    active.stream().map(Fault::id).toList(), readsSince(active, id), reads[id],
                    counters.lastReadNs(id), counters.readsLastMinute(id), counters.lastReadAgeNs(id),
                    Optional.ofNullable(ofClocks.get(id)).map(DeviceStatus.Alarm::of));
        }).toList();
    }

    /** How often the guest has read a clock since the latest of some faults began; nothing without one. */
    private Optional<Long> readsSince(List<Fault> active, int clockId) {
        return active.stream().map(fault -> readsSince(fault, clockId)).min(Long::compare);
    }

    private long readsSince(Fault fault, int clockId) {
        return reads[clockId] - begun.get(fault.id()).reads().get(clockId);
    }

    /** Each fault, with how often the guest has read the clocks that it is for since it began. */
    List<DeviceStatus.FaultEffect> faultEffects() {
        return faults.list().stream().map(fault -> new DeviceStatus.FaultEffect(fault,
                IntStream.range(0, reads.length).filter(id -> faults.isFor(fault, id)).boxed().toList(),
                fault.anchorsNs().keySet().stream().mapToLong(id -> readsSince(fault, id)).sum(),
                fault.endNs() <= now.boottimeNs(), Optional.ofNullable(faults.failures().get(fault.id())))).toList();
    }
}
