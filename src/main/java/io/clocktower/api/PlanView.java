package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.Effect;
import io.clocktower.clock.Words;
import io.clocktower.plan.Plan;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.plan.PlanStatus;
import io.clocktower.plan.Schedule;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A plan and how far it has come, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Plan", description = "A plan and how far it has come. A dry run has only name, seed, total and items.")
record PlanView(@Schema(examples = "p1") String id, @Schema(examples = "leap day rehearsal") String name,
        @Schema(description = "Of all that was drawn: the same one over the same devices makes the same schedule", examples = "42") long seed,
        @Schema(description = "running while there are items to be done; completed when all are done, which its faults may outlast; or stopped", enumeration = {
                "running", "completed", "stopped"}) String state,
        @Schema(description = "Who asked for it") String author, Instant start,
        @Schema(description = "When its last item was done, or when it was stopped") Instant end,
        @Schema(description = "How many items it has: one is one fault of one device") int total,
        @Schema(description = "How many items are still to be done, or were not when it was stopped") Integer pending,
        @Schema(description = "How many faults it injected that it has not reverted") Integer injected,
        @Schema(description = "How many items failed") Integer failed,
        @Schema(description = "How many faults were reverted as it was stopped") Integer reverted,
        @Schema(description = "How many of its faults the devices have now; it is for their durations that others have ended") Integer active,
        @Schema(description = "In the order in which they are due. A list of plans leaves them out.") List<Item> items){

    /** An item of a plan, as the API shows it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "PlanItem", description = "One fault of one device, with the members that its type has in a FaultRequest")
    record Item(@Schema(description = "The index of its step, from 0") int step,
            @Schema(examples = "vm0") String device,
            @Schema(description = "When, from the plan's start", examples = "PT10.3S") String at,
            @Schema(description = "The same on the host's wall clock") Instant due,
            @Schema(description = "A dry run has none", enumeration = {
                    "pending", "injected", "failed",
                    "reverted"}) String state,
            @Schema(description = "The id of its fault, among those of the device", examples = "p1-m8x2k1q0-3") String fault,
            @Schema(description = "When the fault was injected") Instant injected,
            @Schema(description = "Whether the device has the fault now") Boolean active,
            @Schema(description = "Why it failed, or why its fault is not reverted") String reason,
            @Schema(description = "Of the fault", examples = "step") String type,
            @Schema(description = "The one clock that the fault is for, if it is for one alone") Integer clock,
            @Schema(description = "After which the fault reverts", examples = "PT10M") String duration,
            @JsonAnyGetter @Schema(hidden = true) Map<String, Object> effect){

        private static Item of(Schedule.Item item, ItemStatus status) {
            var fault = item.fault();
            Effect effect = fault.effect();
            return new Item(item.step(), item.device(), Duration.ofNanos(item.atNs()).toString(),
                    status == null ? null : status.due(), status == null ? null : Words.of(status.state()),
                    status == null ? null : status.fault().orElse(null),
                    status == null ? null : status.injected().orElse(null),
                    status == null || status.state() == ItemState.PENDING ? null : status.isActive(),
                    status == null ? null : status.reason().orElse(null), Words.of(FaultType.of(effect)),
                    fault.clock().orElse(null), fault.duration().map(Times::duration).orElse(null),
                    FaultView.members(effect));
        }
    }

    /** What a plan would come to. */
    static PlanView of(Plan plan, Schedule schedule) {
        return new PlanView(null, given(plan.name()), plan.seed(), null, null, null, null, schedule.items().size(),
                null, null, null, null, null, schedule.items().stream().map(item -> Item.of(item, null)).toList());
    }

    /** A plan with its items. */
    static PlanView of(PlanStatus status) {
        return of(status, status.items().stream().map(item -> Item.of(item.item(), item)).toList());
    }

    /** A plan without its items. */
    static PlanView summary(PlanStatus status) {
        return of(status, null);
    }

    private static PlanView of(PlanStatus status, List<Item> items) {
        var counts = status.counts();
        return new PlanView(status.id(), given(status.plan().name()), status.plan().seed(), Words.of(status.state()),
                status.caller(), status.start(), status.end().orElse(null), counts.total(), counts.pending(),
                counts.injected(), counts.failed(), counts.reverted(), counts.active(), items);
    }

    private static String given(String text) {
        return text.isEmpty() ? null : text;
    }
}
