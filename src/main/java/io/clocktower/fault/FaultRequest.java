package io.clocktower.fault;

import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A fault that somebody asks for.
 *
 * @param clock the one clock it is for; without, it is for all of the device but the monotonic ones
 * @param start when it is to begin, on the host's wall clock; at once if it is left out
 * @param duration after which it ends; without one it stays until it is reverted
 * @param author who asks for it
 * @param onBehalfOf for whom, in the author's words; may be empty
 * @param reason why; may be empty
 */
public record FaultRequest(Optional<Integer> clock, Effect effect, Optional<Instant> start, Optional<Duration> duration,
        String author, String onBehalfOf, String reason) {

    /** A fault that its author wants. */
    public FaultRequest(Optional<Integer> clock, Effect effect, Optional<Instant> start, Optional<Duration> duration,
            String author, String reason) {
        this(clock, effect, start, duration, author, "", reason);
    }

    /** The same, to begin at once if its start has come. */
    public FaultRequest notBefore(HostInstant now) {
        return start.filter(time -> !time.isAfter(now.wallClock())).isEmpty()
                ? this
                : new FaultRequest(clock, effect, Optional.empty(), duration, author, onBehalfOf, reason);
    }
}
