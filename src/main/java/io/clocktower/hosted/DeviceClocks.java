package io.clocktower.hosted;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.hosted.DeviceSnapshot.Begun;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The clocks of a device and the faults that act on them. The device's loop owns it; what {@link #faults} answers is for
 * every thread.
 */
final class DeviceClocks {

    private final DeviceSpec spec;
    private final HostClock host;
    private final DeviceCounters counters;
    private final List<ServedClock> clocks;
    private final Map<String, Begun> begun = new HashMap<>();
    private volatile Faults faults;

    DeviceClocks(DeviceSpec spec, Faults faults, HostClock host, DeviceCounters counters) {
        this.spec = spec;
        this.host = host;
        this.counters = counters;
        this.faults = faults;
        clocks = IntStream.range(0, spec.clocks().size()).mapToObj(faults::clock).toList();
        apply(faults, HostInstant.of(host));
    }

    /** Clocks that go on from those of another process: nothing begins or ends before {@link #apply}. */
    DeviceClocks(DeviceSpec spec, Faults faults, HostClock host, DeviceCounters counters, Map<String, Begun> begun) {
        this.spec = spec;
        this.host = host;
        this.counters = counters;
        this.faults = faults;
        this.begun.putAll(begun);
        clocks = IntStream.range(0, spec.clocks().size()).mapToObj(faults::clock).toList();
    }

    /** What had been read of each clock when a fault began, by the fault's id. */
    Map<String, Begun> begun() {
        return Map.copyOf(begun);
    }

    /** As they serve the guest, in the order of their ids. */
    List<ServedClock> served() {
        return clocks;
    }

    Faults faults() {
        return faults;
    }

    /** The faults as they are to be kept: with what monotonic clocks have come to under them. */
    Faults keptFaults() {
        return faults.withFloors(floorsNs());
    }

    /** A monotonic clock shows no less than this from now on, and after a restart of the service within this boot. */
    void hold(int clockId, long ns) {
        clocks.get(clockId).holdMonotonic(ns);
        Map<Integer, Long> floors = new HashMap<>(faults.floorsNs());
        floors.put(clockId, clocks.get(clockId).monotonicNs());
        faults = faults.withFloors(floors);
    }

    private Map<Integer, Long> floorsNs() {
        Map<Integer, Long> floors = new HashMap<>();
        for (int id = 0; id < clocks.size(); id++) {
            if (spec.clocks().get(id).type() == ClockType.MONOTONIC && !faults.chain(id).isEmpty()) {
                floors.put(id, clocks.get(id).readNs(host));
            } else if (faults.floorsNs().containsKey(id)) {
                floors.put(id, faults.floorsNs().get(id));
            }
        }
        return floors;
    }

    /** Changes what the clocks show, from the next reading on. */
    void apply(Faults changed, HostInstant now) {
        faults = changed.withFloors(floorsNs()).begun(now);
        for (int id = 0; id < clocks.size(); id++) {
            clocks.get(id).setFaults(faults.chain(id));
        }
        begun.keySet().retainAll(faults.list().stream().map(Fault::id).collect(Collectors.toSet()));
        faults.list().stream().filter(Fault::isActive).forEach(fault -> {
            Begun past = begun.get(fault.id());
            if (past == null || past.startNs() != fault.startNs()) {
                begun.put(fault.id(), new Begun(fault.startNs(),
                        IntStream.range(0, clocks.size()).mapToObj(counters::reads).toList()));
            }
        });
    }

    /** Lets the faults begin and end that are due. */
    void applyDue() {
        if (nsUntilChange() <= 0) {
            apply(faults, HostInstant.of(host));
        }
    }

    /** How long until a fault begins or ends; {@link Long#MAX_VALUE} if none will. */
    long nsUntilChange() {
        long nextNs = faults.nextChangeNs();
        return nextNs == Long.MAX_VALUE ? nextNs : nextNs - host.boottimeNs();
    }

    /**
     * What there is to say of the clocks at an instant.
     *
     * @param alarms those that have one
     */
    ClocksMoment moment(HostInstant now, List<AlarmStatus> alarms) {
        return new ClocksMoment(spec, faults, Map.copyOf(begun),
                clocks.stream().mapToLong(ServedClock::monotonicNs).toArray(),
                IntStream.range(0, clocks.size()).mapToLong(counters::reads).toArray(), alarms, counters, now);
    }
}
