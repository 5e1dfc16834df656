package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run of a plan: the state of each item. A plan with a schedule has one run after another. Changes no device by itself.
 * Thread-safe.
 */
final class PlanRun {

    private final Origin origin;
    private final List<PlanItem> items;
    /** Null for a plan without a schedule. */
    private final Repeats repeats;
    private PlanState state = PlanState.RUNNING;
    private Instant end;
    private int taken;
    private int done;

    /**
     * Where a run comes from.
     *
     * @param id of the plan
     * @param caller who asked for the plan
     * @param start on the host's wall clock
     * @param startNs on CLOCK_BOOTTIME
     */
    record Origin(String id, Plan plan, String caller, Instant start, long startNs) {}

    private PlanRun(String id, Plan plan, Schedule schedule, String caller, Repeats repeats, HostInstant now) {
        this.repeats = repeats;
        origin = new Origin(id, plan, caller, now.wallClock(), now.boottimeNs());
        List<PlanItem> all = new ArrayList<>();
        schedule.items().forEach(item -> all.add(new PlanItem(origin, all.size(), item)));
        items = List.copyOf(all);
    }

    /**
     * A run that begins now, or a plan with a schedule before its first run.
     *
     * @throws PlanException if no run of the schedule would begin
     */
    static PlanRun first(String id, Plan plan, Schedule schedule, String caller, HostInstant now)
            throws PlanException {
        if (plan.recurrence().isEmpty()) {
            return new PlanRun(id, plan, schedule, caller, null, now);
        }
        Recurrence recurrence = plan.recurrence().get();
        var waiting = new PlanRun(id, plan, new Schedule(List.of()), caller, new Repeats(recurrence, now.wallClock()),
                now);
        waiting.state = PlanState.COMPLETED;
        if (waiting.nextRun().isEmpty()) {
            throw PlanException.impossible(recurrence.until().isPresent() ? "until" : "schedule",
                    "no run of schedule '%s' would begin".formatted(recurrence.schedule()));
        }
        return waiting;
    }

    /** The next run of the same plan. */
    PlanRun again(Schedule schedule, HostInstant now) {
        return new PlanRun(origin.id(), origin.plan(), schedule, origin.caller(), repeats, now);
    }

    /** A plan that another process began. */
    PlanRun(String id, KeptPlan kept) {
        origin = new Origin(id, kept.plan(), kept.caller(), kept.start(), kept.startNs());
        List<PlanItem> all = new ArrayList<>();
        kept.items().forEach(item -> all.add(new PlanItem(origin, all.size(), item)));
        items = List.copyOf(all);
        state = kept.state();
        end = kept.end().orElse(null);
        taken = Math.min(kept.taken(), items.size());
        done = kept.done();
        repeats = kept.recurrence().map(was -> new Repeats(origin.plan().recurrence().get(), was.runs())).orElse(null);
    }

    /**
     * Settles what was due while the service was not running. A fault that its device has was injected; one whose duration
     * has not ended is still to be injected, for the rest of it.
     *
     * @param isThere whether a device has a fault of an id now
     */
    synchronized void afterOutage(BiPredicate<String, String> isThere, HostInstant now) {
        for (PlanItem item : items) {
            if (item.state == ItemState.PENDING && isRunning()) {
                item.isLate = item.dueNs() <= now.boottimeNs();
                if (isThere.test(item.item().device(), item.faultId())) {
                    item.hasFault = true;
                    item.injected = origin.start().plusNanos(item.item().atNs());
                    onDone(item, ItemState.INJECTED, now);
                } else if (item.endNs() <= now.boottimeNs()) {
                    item.reason = "the service was not running when it was due, and its fault would have ended since";
                    onDone(item, ItemState.MISSED, now);
                }
            }
        }
        taken = 0;
        if (repeats != null) {
            repeats.afterOutage(now.wallClock());
        }
    }

    /** What another process goes on from. */
    synchronized KeptPlan kept(long number) {
        Plan plan = origin.plan();
        return new KeptPlan(number, plan.name(), plan.seed(), plan.steps().stream().map(KeptPlan.KeptStep::of).toList(),
                origin.caller(), origin.start(), origin.startNs(), items.stream().map(PlanItem::kept).toList(), state,
                Optional.ofNullable(end),
                taken, done, plan.recurrence().map(of -> KeptPlan.KeptRecurrence.of(of, repeats.runs())));
    }

    String id() {
        return origin.id();
    }

    int size() {
        return items.size();
    }

    synchronized boolean isRunning() {
        return state == PlanState.RUNNING;
    }

    /** Whether it runs, or has yet to run again. */
    synchronized boolean isLive() {
        return isRunning() || nextRun().isPresent();
    }

    /** Of a plan with a schedule. */
    Optional<Repeats> repeats() {
        return Optional.ofNullable(repeats);
    }

    /** When its next run begins. */
    Optional<Instant> nextRun() {
        return repeats == null ? Optional.empty() : repeats.next();
    }

    /** When the next item is due, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if no item is left. */
    synchronized long nextNs() {
        while (taken < items.size() && items.get(taken).state != ItemState.PENDING) {
            taken++;
        }
        return isRunning() && taken < items.size() ? items.get(taken).dueNs() : Long.MAX_VALUE;
    }

    /** The items that have become due since the last call. */
    synchronized List<PlanItem> takeDue(long boottimeNs) {
        List<PlanItem> due = new ArrayList<>();
        while (nextNs() <= boottimeNs) {
            due.add(items.get(taken++));
        }
        return due;
    }

    /** The item's fault was injected. Returns whether that completes the plan. */
    synchronized boolean onInjected(PlanItem item, HostInstant now) {
        item.hasFault = true;
        item.injected = now.wallClock();
        return onDone(item, ItemState.INJECTED, now);
    }

    /**
     * The item failed. Returns whether that completes the plan.
     *
     * @param isThere whether the device may have the fault nevertheless
     */
    synchronized boolean onFailed(PlanItem item, String reason, boolean isThere, HostInstant now) {
        item.hasFault = isThere;
        item.reason = reason;
        return onDone(item, ItemState.FAILED, now);
    }

    private boolean onDone(PlanItem item, ItemState result, HostInstant now) {
        item.state = result;
        return ++done == items.size() && end(PlanState.COMPLETED, now);
    }

    /** No further item is begun: those that are not due yet are cancelled. There is no further run either. */
    synchronized void stop(HostInstant now) {
        if (!isRunning() && nextRun().isPresent()) {
            state = PlanState.STOPPED;
            end = now.wallClock();
        }
        if (repeats != null) {
            repeats.end();
        }
        stopRun(now);
    }

    /** No further item of this run is begun. */
    synchronized void stopRun(HostInstant now) {
        if (end(PlanState.STOPPED, now)) {
            items.subList(taken, items.size()).stream().filter(item -> item.state == ItemState.PENDING)
                    .forEach(item -> item.state = ItemState.CANCELLED);
        }
    }

    /** Whether an item that was due is not to be begun, because the plan was stopped; it is then cancelled. */
    synchronized boolean isCancelled(PlanItem item) {
        if (isRunning()) {
            return false;
        }
        item.state = ItemState.CANCELLED;
        return true;
    }

    Plan plan() {
        return origin.plan();
    }

    String caller() {
        return origin.caller();
    }

    /** Who changes a device in the name of this plan. */
    String actor(String operator) {
        return "%s (plan %s)".formatted(operator, origin.id());
    }

    private boolean end(PlanState ended, HostInstant now) {
        if (!isRunning()) {
            return false;
        }
        state = ended;
        end = now.wallClock();
        return true;
    }

    /** The devices that may have faults of the plan, or may still get them. */
    synchronized Set<String> devices() {
        Set<String> devices = new TreeSet<>();
        items.stream().filter(item -> item.state == ItemState.PENDING || item.isRevertible())
                .forEach(item -> devices.add(item.item().device()));
        return devices;
    }

    /** The ids of the faults that a device may have. */
    synchronized Set<String> faultsAt(String device) {
        return revertibleAt(device).map(PlanItem::faultId).collect(Collectors.toSet());
    }

    private Stream<PlanItem> revertibleAt(String device) {
        return items.stream()
                .filter(item -> item.isRevertible() && item.item().device().equals(device));
    }

    /**
     * @param faults the ids of those that the device had before
     */
    synchronized void onReverted(String device, Set<String> faults) {
        revertibleAt(device).filter(item -> item.isReverting || faults.contains(item.faultId())).toList()
                .forEach(item -> {
                    item.state = ItemState.REVERTED;
                    item.reason = null;
                });
    }

    /**
     * @param isReverting whether the device will revert the faults later
     */
    synchronized void onNotReverted(String device, String reason, boolean isReverting) {
        revertibleAt(device).forEach(item -> {
            item.reason = "not reverted: " + reason;
            item.isReverting = isReverting;
        });
    }

    /**
     * @param isThere whether a device has a fault of an id now
     */
    synchronized PlanStatus status(BiPredicate<String, String> isThere, boolean isDetailed) {
        int[] counts = new int[ItemState.values().length];
        int active = 0;
        List<ItemStatus> statuses = new ArrayList<>();
        for (PlanItem item : items) {
            boolean isActive = item.isRevertible() && isThere.test(item.item().device(), item.faultId());
            counts[item.state.ordinal()]++;
            active += isActive ? 1 : 0;
            if (isDetailed) {
                statuses.add(item.status(isActive));
            }
        }
        return new PlanStatus(origin.id(), origin.plan(), origin.caller(),
                !isRunning() && isLive() ? PlanState.WAITING : state, origin.start(), Optional.ofNullable(end),
                new Counts(items.size(), counts[ItemState.PENDING.ordinal()], counts[ItemState.INJECTED.ordinal()],
                        counts[ItemState.FAILED.ordinal()], counts[ItemState.REVERTED.ordinal()],
                        counts[ItemState.CANCELLED.ordinal()], counts[ItemState.MISSED.ordinal()], active),
                repeats().map(Repeats::runs),
                List.copyOf(statuses));
    }
}
