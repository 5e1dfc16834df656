package io.clocktower.plan;

import io.clocktower.clock.InvalidComponentException;
import io.clocktower.fault.FaultRequest;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.spec.LabelSelector;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A plan with its progress, from which another process goes on.
 *
 * @param number its place among the plans
 * @param startNs on CLOCK_BOOTTIME
 * @param taken how many items have been due
 * @param done how many have been done
 * @param recurrence of a plan with a schedule, and its runs
 */
public record KeptPlan(long number, String name, long seed, List<KeptStep> steps, String caller, Instant start,
        long startNs, List<KeptItem> items, PlanState state, Optional<Instant> end, int taken, int done,
        Optional<KeptRecurrence> recurrence) {

    /** A release before this one had no recurrence. */
    public KeptPlan {
        recurrence = recurrence == null ? Optional.empty() : recurrence;
    }

    /** The same that counts from elsewhere on CLOCK_BOOTTIME, for another boot of the host. */
    KeptPlan startedAt(long otherNs) {
        return new KeptPlan(number, name, seed, steps, caller, start, otherNs, items, state, end, taken, done,
                recurrence);
    }

    /**
     * @param zone the id of a time zone
     */
    public record KeptRecurrence(String schedule, String zone, Optional<Instant> until, PlanStatus.Runs runs) {

        static KeptRecurrence of(Recurrence recurrence, PlanStatus.Runs runs) {
            return new KeptRecurrence(recurrence.schedule(), recurrence.zone().getId(), recurrence.until(), runs);
        }

        private Recurrence recurrence() {
            return new Recurrence(schedule, ZoneId.of(zone), until);
        }
    }

    /**
     * A step; of labels and devices, and of count and percent, at most one is there.
     */
    public record KeptStep(Duration at, Duration jitter, Optional<List<Label>> labels, Optional<List<String>> devices,
            Optional<Integer> count, Optional<Integer> percent, FaultRequest fault, boolean isSeedDrawn) {

        static KeptStep of(Step step) {
            return new KeptStep(step.at(), step.jitter(),
                    step.target() instanceof Target.Labels(var selector)
                            ? Optional.of(selector.labels().stream()
                                    .map(label -> new Label(label.getKey(), label.getValue())).toList())
                            : Optional.empty(),
                    step.target() instanceof Target.Names(var names) ? Optional.of(names) : Optional.empty(),
                    step.share() instanceof Share.Count(var count) ? Optional.of(count) : Optional.empty(),
                    step.share() instanceof Share.Percent(var percent) ? Optional.of(percent) : Optional.empty(),
                    step.fault(), step.isSeedDrawn());
        }

        private Step step() {
            Target target = labels.isPresent()
                    ? new Target.Labels(new LabelSelector(labels.get().stream()
                            .map(label -> Map.entry(label.name(), label.value())).toList()))
                    : new Target.Names(devices.orElse(List.of()));
            Share share = count.<Share>map(Share.Count::new)
                    .or(() -> percent.map(Share.Percent::new)).orElse(new Share.All());
            return new Step(at, jitter, target, share, fault, isSeedDrawn);
        }
    }

    public record Label(String name, String value) {}

    /**
     * @param hasFault whether the device may have a fault of its id
     * @param isReverting whether the device's loop has yet to revert it
     */
    public record KeptItem(Schedule.Item item, ItemState state, Optional<Instant> injected, Optional<String> reason,
            boolean hasFault, boolean isReverting) {}

    /**
     * @throws InvalidComponentException if a component is not valid
     */
    Plan plan() {
        return new Plan(name, seed, steps.stream().map(KeptStep::step).toList(),
                recurrence.map(KeptRecurrence::recurrence));
    }
}
