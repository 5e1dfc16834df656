package io.clocktower.device;

import io.clocktower.clock.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A fault that somebody asks for.
 *
 * @param clock the one clock it is for; without, it is for all of the device but the monotonic ones
 * @param start when it is to begin, on the host's wall clock; at once if it is left out
 * @param duration after which it reverts of its own accord; without, it stays until it is reverted
 * @param author who asks for it
 * @param reason why; may be empty
 */
public record FaultRequest(Optional<Integer> clock, Effect effect, Optional<Instant> start, Optional<Duration> duration,
        String author, String reason) {}
