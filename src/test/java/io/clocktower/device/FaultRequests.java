package io.clocktower.device;

import io.clocktower.clock.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Requests for faults, in short. */
final class FaultRequests {

    private FaultRequests() {}

    /** For all of the device but its monotonic clocks, at once and until it is reverted. */
    static FaultRequest of(Effect effect) {
        return new FaultRequest(Optional.empty(), effect, Optional.empty(), Optional.empty(), "ada", "a test");
    }

    static FaultRequest of(int clock, Effect effect) {
        return new FaultRequest(Optional.of(clock), effect, Optional.empty(), Optional.empty(), "ada", "a test");
    }

    static FaultRequest lasting(long ns, FaultRequest request) {
        return new FaultRequest(request.clock(), request.effect(), request.start(), Optional.of(Duration.ofNanos(ns)),
                request.author(), request.reason());
    }

    static FaultRequest from(Instant start, FaultRequest request) {
        return new FaultRequest(request.clock(), request.effect(), Optional.of(start), request.duration(),
                request.author(), request.reason());
    }
}
