package io.clocktower.plan;

import io.clocktower.device.FaultRequest;
import java.time.Duration;

/**
 * One fault for some devices.
 *
 * @param at from the plan's start
 * @param jitter how much later it may be: for each device it is drawn by itself, from zero to this
 * @param target the devices that it may be for
 * @param share how many of those
 * @param fault begins when it is injected, so it has no start
 * @param isSeedDrawn whether the seed of a fault that jitters is drawn too, for each device by itself
 */
public record Step(Duration at, Duration jitter, Target target, Share share, FaultRequest fault,
        boolean isSeedDrawn) {

    public static final Duration MAX_AT = Duration.ofDays(30);

    /** Throws {@link IllegalArgumentException}, whose message begins with the component to blame. */
    public Step {
        check("at", at);
        check("jitter", jitter);
        if (fault.start().isPresent()) {
            throw new IllegalArgumentException("fault.start: %s, expected none, as the step's at says when"
                    .formatted(fault.start().get()));
        }
    }

    private static void check(String component, Duration duration) {
        if (duration.isNegative() || duration.compareTo(MAX_AT) > 0) {
            throw new IllegalArgumentException("%s: %s, expected PT0S to %s".formatted(component, duration, MAX_AT));
        }
    }
}
