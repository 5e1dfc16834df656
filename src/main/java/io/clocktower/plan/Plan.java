package io.clocktower.plan;

import io.clocktower.clock.InvalidComponentException;
import java.util.List;
import java.util.Optional;

/**
 * Timed faults over several devices.
 *
 * @param name may be empty
 * @param seed of everything that is drawn: the same seed over the same devices gives the same schedule
 * @param steps at least 1 and at most {@link #MAX_STEPS}
 * @param recurrence when it begins, again and again; without one it begins at once, and once
 */
public record Plan(String name, long seed, List<Step> steps, Optional<Recurrence> recurrence) {

    public static final int MAX_STEPS = 1_000;

    /** A plan that begins once. */
    public Plan(String name, long seed, List<Step> steps) {
        this(name, seed, steps, Optional.empty());
    }

    /** Throws {@link InvalidComponentException} if a component is not valid. */
    public Plan {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.size() > MAX_STEPS) {
            throw new InvalidComponentException("steps", "%d, expected 1 to %d".formatted(steps.size(), MAX_STEPS));
        }
    }
}
