package io.clocktower.plan;

import io.clocktower.plan.Schedule.Item;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The progress of a plan.
 *
 * @param caller who asked for it
 * @param start of the run, on the host's wall clock; while the first one is waited for, when the plan was created
 * @param end when its last item was done, or when it was stopped
 * @param runs of a plan with a schedule
 * @param items in the order of the schedule; empty if only the counts were asked for
 */
public record PlanStatus(String id, Plan plan, String caller, PlanState state, Instant start, Optional<Instant> end,
        Counts counts, Optional<Runs> runs, List<ItemStatus> items) {

    /**
     * The runs of a plan with a schedule.
     *
     * @param next when the next one begins; empty if none does
     * @param begun how many have begun
     * @param skipped how many were due and did not begin
     * @param reason why the last of them did not
     */
    public record Runs(Optional<Instant> next, int begun, int skipped, Optional<String> reason) {}

    /** What has become of an item. */
    public enum ItemState {
        /** It is still to be done. */
        PENDING,
        /** Its fault was injected; whether the device still has it is another matter. */
        INJECTED,
        /** Its fault could not be injected. */
        FAILED,
        /** Its fault was reverted as the plan was stopped. */
        REVERTED,
        /** The plan was stopped before it was done. */
        CANCELLED,
        /** It was due while the service was not running, and its fault would have ended by now. */
        MISSED
    }

    /**
     * The progress of one item.
     *
     * @param due on the host's wall clock, unless that is set before
     * @param fault the id of the fault that it injected
     * @param injected when that was
     * @param isActive whether the device still has that fault
     * @param reason why it failed, or why its fault could not be reverted
     */
    public record ItemStatus(Item item, ItemState state, Instant due, Optional<String> fault,
            Optional<Instant> injected, boolean isActive, Optional<String> reason) {}

    /**
     * How many items there are, and how many of each state.
     *
     * @param active those whose faults the devices still have
     */
    public record Counts(int total, int pending, int injected, int failed, int reverted, int cancelled, int missed,
            int active) {

        /** For the log. */
        String summary() {
            return "%d faults: %d injected, %d failed, %d reverted, %d cancelled, %d missed, %d pending; %d still active"
                    .formatted(
                            total, injected, failed, reverted, cancelled, missed, pending, active);
        }
    }
}
