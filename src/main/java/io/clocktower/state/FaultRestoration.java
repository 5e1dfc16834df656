package io.clocktower.state;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Faults as they were kept, placed in the present boot of the host at the present time. */
final class FaultRestoration {

    private final List<ClockSpec> clocks;
    private final LeapSeconds leapSeconds;
    private final HostInstant now;
    private final List<String> errors = new ArrayList<>();

    private FaultRestoration(List<ClockSpec> clocks, LeapSeconds leapSeconds, HostInstant now) {
        this.clocks = clocks;
        this.leapSeconds = leapSeconds;
        this.now = now;
    }

    /**
     * The faults that could be restored.
     *
     * @param errors for each of the others, its id and why it could not be
     */
    record Restored(Faults faults, List<String> errors) {}

    /**
     * @param file of a device with these clocks
     * @param isSameBoot whether the file was written in this boot
     */
    static Restored restore(StateFile file, List<ClockSpec> clocks, boolean isSameBoot, LeapSeconds leapSeconds,
            HostInstant now) {
        var restoration = new FaultRestoration(clocks, leapSeconds, now);
        Faults faults = isSameBoot
                ? restoration.restored(file.faults(), UnaryOperator.identity(), file.floorsNs())
                : restoration.restored(file.faults(), restoration::replaced, Map.of());
        return new Restored(faults, List.copyOf(restoration.errors));
    }

    /** One fault after another is added, so that one that cannot be restored does not take the others with it. */
    private Faults restored(List<Fault> kept, UnaryOperator<Fault> placed, Map<Integer, Long> floorsNs) {
        List<Fault> sound = new ArrayList<>();
        Faults faults = faults(sound, floorsNs);
        for (Fault fault : kept) {
            List<Fault> more = new ArrayList<>(sound);
            try {
                more.add(placed.apply(fault));
                faults = faults(more, floorsNs);
                sound = more;
            } catch (IllegalArgumentException | ArithmeticException e) {
                errors.add("fault %s cannot be restored: %s".formatted(fault.id(), e.getMessage()));
            }
        }
        return faults;
    }

    private Faults faults(List<Fault> kept, Map<Integer, Long> floorsNs) {
        var before = new Faults(clocks, leapSeconds, kept, floorsNs);
        return before.withFloors(floorsNs(before)).at(now);
    }

    /**
     * A fault of an earlier boot, placed by the wall clock. A clock that counts from the boot begins at zero with it, and
     * so does its fault; it still ends when it was to.
     */
    private Fault replaced(Fault fault) {
        if (fault.isPaused()) {
            return fault;
        }
        Duration age = Duration.between(fault.start(), now.wallClock());
        boolean isMonotonic = fault.clock().map(id -> clocks.get(id).type() == ClockType.MONOTONIC).orElse(false);
        return isMonotonic && age.isPositive()
                ? fault.begunAgain(now.wallClock(), now.boottimeNs(), fault.duration().map(length -> length.minus(age)))
                : fault.startingAt(now.boottimeNs() - age.toNanos());
    }

    /** What monotonic clocks may have shown since, where a fault that led them has ended. */
    private Map<Integer, Long> floorsNs(Faults before) {
        Map<Integer, Long> floors = new HashMap<>(before.floorsNs());
        for (Fault fault : before.list()) {
            if (fault.endNs() <= now.boottimeNs()) {
                for (int id : fault.anchorsNs().keySet()) {
                    if (clocks.get(id).type() == ClockType.MONOTONIC) {
                        ServedClock clock = before.clock(id);
                        long lastNs = clock.readNs(now.plus(fault.endNs() - 1 - now.boottimeNs()));
                        floors.merge(id, lastNs, (one, other) -> Long.compareUnsigned(one, other) < 0 ? other : one);
                    }
                }
            }
        }
        return floors;
    }
}
