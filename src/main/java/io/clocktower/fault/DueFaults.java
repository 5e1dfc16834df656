package io.clocktower.fault;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.FaultChain;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.InvalidComponentException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What time makes of a device's faults: those that are due begin, and those whose time is over are gone. */
final class DueFaults {

    private final Faults faults;
    private final HostInstant now;

    DueFaults(Faults faults, HostInstant now) {
        this.faults = faults;
        this.now = now;
    }

    /** See {@link Faults#at}. */
    Faults applied() {
        List<Fault> begun = new ArrayList<>();
        Map<String, String> failed = new HashMap<>(faults.failures());
        for (Fault fault : faults.list()) {
            if (isDue(fault)) {
                begin(fault, begun, failed);
            } else {
                begun.add(fault);
            }
        }
        // Only now: one that has ended may have acted when another one began.
        begun.removeIf(fault -> fault.endNs() <= now.boottimeNs());
        return begun.equals(faults.list()) && failed.equals(faults.failures()) ? faults : faults.with(begun, failed);
    }

    private boolean isDue(Fault fault) {
        return !fault.isActive() && !fault.isPaused() && fault.startNs() <= now.boottimeNs()
                && !faults.failures().containsKey(fault.id());
    }

    private void begin(Fault due, List<Fault> begun, Map<String, String> failed) {
        try {
            begun.add(anchored(due, begun.stream()
                    .filter(other -> other.isActive() && other.endNs() > due.startNs()).toList()));
        } catch (InvalidComponentException e) {
            failed.put(due.id(), e.detail());
            begun.add(due);
        }
    }

    /** See {@link Faults#begun}. */
    Faults begun() {
        Faults late = delayed(fault -> fault.delayedTo(now.boottimeNs()));
        if (late != faults
                && new Future(faults.clocks().size(), _ -> true, Optional.empty()).objection(late, now).isPresent()) {
            late = delayed(fault -> fault.shortenedTo(now.boottimeNs()));
        }
        return late.at(now);
    }

    private Faults delayed(UnaryOperator<Fault> delay) {
        List<Fault> late = faults.list().stream().map(fault -> isDue(fault) && fault.startNs() < now.boottimeNs()
                && fault.endNs() > now.boottimeNs() ? delay.apply(fault) : fault).toList();
        return late.equals(faults.list()) ? faults : faults.with(late, faults.failures());
    }

    /** A fault that begins under those before it, with what the time scales of its clocks show then. */
    private Fault anchored(Fault due, List<Fault> acting) {
        HostInstant start = now.plus(due.startNs() - now.boottimeNs());
        Map<Integer, Long> anchors = new HashMap<>();
        Map<Integer, Long> targets = new HashMap<>();
        for (int id = 0; id < faults.clocks().size(); id++) {
            if (faults.isFor(due, id)) {
                FaultChain before = faults.chain(id, acting);
                boolean isMonotonic = faults.clocks().get(id).type() == ClockType.MONOTONIC;
                anchors.put(id, before.apply(isMonotonic ? start.boottimeNs() : start.taiNs(), start.boottimeNs()));
                if (due.effect() instanceof Effect.SetTime set) {
                    targets.put(id, set.taiNs(before.isEmpty() ? faults.leapSeconds() : before.leapSeconds()));
                }
            }
        }
        Fault begun = due.anchored(anchors, targets);
        List<Fault> all = new ArrayList<>(acting);
        all.add(begun);
        for (int id : anchors.keySet()) {
            if (!faults.clock(id, faults.chain(id, all)).isInRange(start)) {
                throw new InvalidComponentException(Effect.EFFECT,
                        "clock %d would leave 1970-01-01 to 2554-07-21, what 64 bits of nanoseconds hold"
                                .formatted(id));
            }
        }
        return begun;
    }
}
