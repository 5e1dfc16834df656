package io.clocktower.fault;

import io.clocktower.clock.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Requests for faults, in short. */
public final class FaultRequests {

    private FaultRequests() {}

    /** For all of the device but its monotonic clocks, at once and until it is reverted. */
    public static FaultRequest of(Effect effect) {
        return new FaultRequest(Optional.empty(), effect, Optional.empty(), Optional.empty(), "ada", "a test");
    }

    public static FaultRequest of(int clock, Effect effect) {
        return new FaultRequest(Optional.of(clock), effect, Optional.empty(), Optional.empty(), "ada", "a test");
    }

    public static FaultRequest lasting(long ns, FaultRequest request) {
        return new FaultRequest(request.clock(), request.effect(), request.start(), Optional.of(Duration.ofNanos(ns)),
                request.author(), request.reason());
    }

    public static FaultRequest from(Instant start, FaultRequest request) {
        return new FaultRequest(request.clock(), request.effect(), Optional.of(start), request.duration(),
                request.author(), request.reason());
    }
}
