package io.clocktower.plan;

import io.clocktower.plan.Schedule.Item;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How far a plan has come.
 *
 * @param caller who asked for it
 * @param start on the host's wall clock
 * @param end when its last item was done, or when it was stopped
 * @param items in the order of the schedule; none where only the counts were asked for
 */
public record PlanStatus(String id, Plan plan, String caller, PlanState state, Instant start, Optional<Instant> end,
        Counts counts, List<ItemStatus> items) {

    /** How an item is. */
    public enum ItemState {
        PENDING, INJECTED, FAILED, REVERTED
    }

    /**
     * How far one item has come.
     *
     * @param due on the host's wall clock, if nobody sets that meanwhile
     * @param fault the id of the fault that it injected
     * @param injected when that was
     * @param isActive whether that fault is still there
     * @param reason why it failed, or why its fault could not be reverted
     */
    public record ItemStatus(Item item, ItemState state, Instant due, Optional<String> fault,
            Optional<Instant> injected, boolean isActive, Optional<String> reason) {}

    /**
     * How many items there are and how they are.
     *
     * @param active those whose faults are still there
     */
    public record Counts(int total, int pending, int injected, int failed, int reverted, int active) {

        /** For the log. */
        String told() {
            return "of %d faults %d are injected, %d failed, %d are reverted, %d are still to come; %d are there"
                    .formatted(total, injected, failed, reverted, pending, active);
        }
    }
}
