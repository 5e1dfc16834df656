package io.clocktower.fault;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What clocks would show over time, all of it computed: nothing is changed.
 *
 * @param types of the clocks, in the order of their ids
 * @param samples in the order of their times
 */
public record Preview(List<ClockType> types, List<Sample> samples) {

    /**
     * The clocks at one time.
     *
     * @param atNs from now
     * @param realtimeNs on the host's wall clock
     * @param clocks in the order of their ids
     */
    public record Sample(long atNs, long realtimeNs, List<ClockReading> clocks) {}

    /**
     * @param atNs from now, ascending
     */
    public static Preview of(int clockCount, Faults faults, HostInstant now, List<Long> atNs) {
        Faults begun = faults.at(now);
        List<ServedClock> clocks = IntStream.range(0, clockCount).mapToObj(begun::clock).toList();
        // A monotonic clock stands still after a fault that led it, so what it came to matters.
        SortedSet<Long> times = new TreeSet<>(atNs);
        faults.list().stream().filter(fault -> fault.endNs() != Long.MAX_VALUE)
                .forEach(fault -> times.add(fault.endNs() - 1 - now.boottimeNs()));
        Map<Long, Sample> samples = new HashMap<>();
        for (long at : times) {
            HostInstant then = now.plus(at);
            begun = begun.at(then);
            for (int id = 0; id < clockCount; id++) {
                clocks.get(id).setFaults(begun.chain(id));
            }
            samples.put(at, new Sample(at, then.realtimeNs(), IntStream.range(0, clockCount)
                    .mapToObj(id -> ClockReading.of(id, clocks.get(id), then)).toList()));
        }
        return new Preview(clocks.stream().map(clock -> clock.spec().type()).toList(),
                atNs.stream().map(samples::get).toList());
    }
}
