package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.Effect;
import io.clocktower.clock.Words;
import io.clocktower.fault.EffectKind;
import io.clocktower.plan.Plan;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.plan.PlanStatus;
import io.clocktower.plan.Recurrence;
import io.clocktower.plan.Schedule;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A plan and its progress, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Plan", description = "A plan and its progress. A dry run has only name, seed, total, schedule and items.")
record PlanView(@Schema(examples = "p1") String id, @Schema(examples = "leap day rehearsal") String name,
        @Schema(description = "Seed of all random choices: the same seed and the same devices give the same schedule", examples = "42") long seed,
        @Schema(description = "running while items are pending; waiting for its next run, if it has a schedule; completed when no item is pending, though its faults may still be active; stopped by an operator", enumeration = {
                "running", "waiting", "completed", "stopped"}) String state,
        @Schema(description = "Who started it") String author,
        @Schema(description = "When its last run began; before the first run, when it was created") Instant start,
        @Schema(description = "When its last item was executed, or when it was stopped") Instant end,
        @Schema(description = "Number of items; an item is one fault of one device") int total,
        @Schema(description = "Number of items that are still to be executed") Integer pending,
        @Schema(description = "Number of faults that it injected and has not reverted") Integer injected,
        @Schema(description = "Number of items that failed") Integer failed,
        @Schema(description = "Number of faults that were reverted when it was stopped") Integer reverted,
        @Schema(description = "Number of items that were not executed when it was stopped, and will not be") Integer cancelled,
        @Schema(description = "Number of items that were due while the service was not running, and whose faults would have ended since") Integer missed,
        @Schema(description = "Number of its faults that the devices have now; others have ended with their durations") Integer active,
        @Schema(description = "When it runs again and again, as in the request. All counts are those of the last run", examples = "0 3 * * 1") String schedule,
        @Schema(description = "Time zone of schedule", examples = "Europe/Berlin") String timeZone,
        @Schema(description = "No run begins after this time") Instant until,
        @Schema(description = "When its next run begins; left out if none does") Instant next,
        @Schema(description = "Number of runs that have begun") Integer occurrences,
        @Schema(description = "Number of runs that were due and did not begin") Integer skipped,
        @Schema(description = "Why the last run that was due did not begin") String skippedReason,
        @Schema(description = "Sorted by the time at which they are due. Left out in a list of plans.") List<Item> items){

    private static final Set<ItemState> HAVE_NO_FAULT = Set.of(ItemState.PENDING, ItemState.CANCELLED,
            ItemState.MISSED);

    /** An item of a plan, as the API shows it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "PlanItem", description = "One fault of one device, with the members of its type as in a FaultRequest")
    record Item(@Schema(description = "Index of its step, from 0") int step,
            @Schema(examples = "vm0") String device,
            @Schema(description = "When, from the start of the plan", examples = "PT10.3S") String at,
            @Schema(description = "The same, as a time of the host's clock") Instant due,
            @Schema(description = "Left out in a dry run", enumeration = {
                    "pending", "injected", "failed",
                    "reverted", "cancelled", "missed"}) String state,
            @Schema(description = "Id of its fault", examples = "p1-m8x2k1q0-3") String fault,
            @Schema(description = "When the fault was injected") Instant injected,
            @Schema(description = "Whether the device has the fault now") Boolean active,
            @Schema(description = "Why it failed or was missed, or why its fault is not reverted") String reason,
            @Schema(description = "Type of the fault", examples = "step") String type,
            @Schema(description = "Id of the clock, if the fault is for one clock only") Integer clock,
            @Schema(description = "Duration of the fault", examples = "PT10M") String duration,
            @JsonAnyGetter @Schema(hidden = true) Map<String, Object> effect){

        private static Item of(Schedule.Item item, ItemStatus status) {
            var fault = item.fault();
            Effect effect = fault.effect();
            return new Item(item.step(), item.device(), Duration.ofNanos(item.atNs()).toString(),
                    status == null ? null : status.due(), status == null ? null : Words.of(status.state()),
                    status == null ? null : status.fault().orElse(null),
                    status == null ? null : status.injected().orElse(null),
                    status == null || HAVE_NO_FAULT.contains(status.state())
                            ? null
                            : status.isActive(),
                    status == null ? null : status.reason().orElse(null), EffectKind.of(effect).name(),
                    fault.clock().orElse(null), fault.duration().map(Times::duration).orElse(null),
                    EffectKind.json(effect));
        }
    }

    /** The schedule of a plan that is not started. */
    static PlanView of(Plan plan, Schedule schedule) {
        Optional<Recurrence> recurrence = plan.recurrence();
        return new PlanView(null, given(plan.name()), plan.seed(), null, null, null, null, schedule.items().size(),
                null, null, null, null, null, null, null, recurrence.map(Recurrence::schedule).orElse(null),
                recurrence.map(of -> of.zone().getId()).orElse(null),
                recurrence.flatMap(Recurrence::until).orElse(null),
                null, null, null, null, schedule.items().stream().map(item -> Item.of(item, null)).toList());
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
        Optional<Recurrence> recurrence = status.plan().recurrence();
        Optional<PlanStatus.Runs> runs = status.runs();
        return new PlanView(status.id(), given(status.plan().name()), status.plan().seed(), Words.of(status.state()),
                status.caller(), status.start(), status.end().orElse(null), counts.total(), counts.pending(),
                counts.injected(), counts.failed(), counts.reverted(), counts.cancelled(), counts.missed(),
                counts.active(), recurrence.map(Recurrence::schedule).orElse(null),
                recurrence.map(of -> of.zone().getId()).orElse(null),
                recurrence.flatMap(Recurrence::until).orElse(null),
                runs.flatMap(PlanStatus.Runs::next).orElse(null), runs.map(PlanStatus.Runs::begun).orElse(null),
                runs.map(PlanStatus.Runs::skipped).orElse(null), runs.flatMap(PlanStatus.Runs::reason).orElse(null),
                items);
    }

    private static String given(String text) {
        return text.isEmpty() ? null : text;
    }
}
