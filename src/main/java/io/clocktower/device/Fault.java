package io.clocktower.device;

import io.clocktower.clock.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A fault of a device.
 *
 * @param id unique among the faults of its device
 * @param clock the one clock it is for; without, it is for all of the device but the monotonic ones
 * @param start when it begins, on the host's wall clock as it was when the fault was asked for
 * @param startNs the same on CLOCK_BOOTTIME, by which it really begins and ends; before the boot it is negative
 * @param duration after which it reverts of its own accord
 * @param author who asked for it
 * @param reason why; may be empty
 * @param anchorsNs by clock, the reading of the clock's time scale that it begins from; empty until it begins
 */
public record Fault(String id, Optional<Integer> clock, Effect effect, Instant start, long startNs,
        Optional<Duration> duration, String author, String reason, Map<Integer, Long> anchorsNs) {

    public Fault {
        anchorsNs = Map.copyOf(anchorsNs);
    }

    /** When it ends on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if it does not. */
    public long endNs() {
        return duration.map(length -> startNs + length.toNanos()).orElse(Long.MAX_VALUE);
    }

    /** When it ends, on the host's wall clock. */
    public Optional<Instant> end() {
        return duration.map(start::plus);
    }

    /** Whether it has begun. */
    public boolean isActive() {
        return !anchorsNs.isEmpty();
    }

    /** Whether it is another one of its id, as time may have gone on meanwhile. */
    boolean isSameAs(Fault other) {
        return startingAt(other.startNs).anchored(other.anchorsNs).equals(other);
    }

    Fault anchored(Map<Integer, Long> anchors) {
        return new Fault(id, clock, effect, start, startNs, duration, author, reason, anchors);
    }

    Fault startingAt(long boottimeNs) {
        return new Fault(id, clock, effect, start, boottimeNs, duration, author, reason, anchorsNs);
    }

    Fault endingAfter(Optional<Duration> other) {
        return new Fault(id, clock, effect, start, startNs, other, author, reason, anchorsNs);
    }
}
