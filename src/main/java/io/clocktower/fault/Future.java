package io.clocktower.fault;

import io.clocktower.clock.HostInstant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

/**
 * Whether faults are possible for all of their future. Each instant at which a fault begins, ends or settles is looked
 * at, and the last nanosecond before it: in between clocks run at an even rate. What time itself does after the last of
 * these is not looked at: a drift without an end leaves the range some day.
 */
final class Future {

    /** All starts and ends are nearer than this. */
    private static final long HORIZON_NS = TimeUnit.DAYS.toNanos(3_650 + 36_500 + 1);

    private final int clockCount;
    private final IntPredicate clocks;
    private final Optional<String> added;

    /**
     * @param clocks the ids of those that are looked at
     * @param added the id of the fault whose author reads the objections, if there is one
     */
    Future(int clockCount, IntPredicate clocks, Optional<String> added) {
        this.clockCount = clockCount;
        this.clocks = clocks;
        this.added = added;
    }

    /** Why the faults are not possible, and when; empty if they are. */
    Optional<String> objection(Faults faults, HostInstant now) {
        Faults then = faults.at(now);
        HostInstant instant = now;
        while (true) {
            Optional<String> objection = objectionAt(then, faults, instant);
            long nextNs = then.nextEdgeNs(instant.boottimeNs());
            if (objection.isPresent() || nextNs > now.boottimeNs() + HORIZON_NS) {
                return objection;
            }
            objection = outOfRange(then, now.plus(nextNs - 1 - now.boottimeNs()));
            if (objection.isPresent()) {
                return objection;
            }
            instant = now.plus(nextNs - now.boottimeNs());
            then = then.at(instant);
        }
    }

    private Optional<String> objectionAt(Faults then, Faults faults, HostInstant instant) {
        return then.failures().entrySet().stream()
                .filter(failure -> !faults.failures().containsKey(failure.getKey())).findFirst()
                .map(failure -> added.equals(Optional.of(failure.getKey()))
                        ? "%s, at %s".formatted(failure.getValue(), instant.wallClock())
                        : "fault %s could not begin at %s: %s".formatted(failure.getKey(), instant.wallClock(),
                                failure.getValue()))
                .or(() -> outOfRange(then, instant));
    }

    private Optional<String> outOfRange(Faults then, HostInstant instant) {
        for (int id = 0; id < clockCount; id++) {
            if (clocks.test(id) && !isInRange(then, id, instant)) {
                return Optional
                        .of("clock %d would leave its range, 1970-01-01 to 2554-07-21 (64-bit nanoseconds), at %s"
                                .formatted(id, instant.wallClock()));
            }
        }
        return Optional.empty();
    }

    private static boolean isInRange(Faults faults, int clockId, HostInstant instant) {
        return faults.clock(clockId).isInRange(instant);
    }
}
