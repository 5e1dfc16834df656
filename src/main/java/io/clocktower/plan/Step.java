package io.clocktower.plan;

import io.clocktower.clock.InvalidComponentException;
import io.clocktower.fault.FaultRequest;
import java.time.Duration;

/**
 * One fault for several devices.
 *
 * @param at from the plan's start
 * @param jitter the largest additional delay; drawn separately for each device, from zero
 * @param target the devices that match
 * @param share how many of them
 * @param fault it has no start: it begins when it is injected
 * @param isSeedDrawn whether the seed of a jitter fault is drawn too, separately for each device
 */
public record Step(Duration at, Duration jitter, Target target, Share share, FaultRequest fault,
        boolean isSeedDrawn) {

    public static final Duration MAX_AT = Duration.ofDays(30);

    /**
     * @throws InvalidComponentException if a component is not valid
     */
    public Step {
        check("at", at);
        check("jitter", jitter);
        if (fault.start().isPresent()) {
            throw new InvalidComponentException("fault.start", "%s, expected no start: the step's 'at' sets it"
                    .formatted(fault.start().get()));
        }
    }

    private static void check(String component, Duration duration) {
        if (duration.isNegative() || duration.compareTo(MAX_AT) > 0) {
            throw new InvalidComponentException(component, "%s, expected PT0S to %s".formatted(duration, MAX_AT));
        }
    }
}
