package io.clocktower.plan;

import java.util.List;

/**
 * Faults to come over some devices.
 *
 * @param name what it is called; may be empty
 * @param seed of all that is drawn: the same one over the same devices makes the same schedule
 * @param steps at least 1 and at most {@link #MAX_STEPS}
 */
public record Plan(String name, long seed, List<Step> steps) {

    public static final int MAX_STEPS = 1_000;

    /** Throws {@link IllegalArgumentException}, whose message begins with the component to blame. */
    public Plan {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.size() > MAX_STEPS) {
            throw new IllegalArgumentException("steps: %d, expected 1 to %d".formatted(steps.size(), MAX_STEPS));
        }
    }
}
