package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequest;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.plan.Schedule.Item;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The progress of a plan: the state of each item. Changes no device by itself. Thread-safe. */
final class PlanRun {

    private final String id;
    private final Plan plan;
    private final String caller;
    private final Instant start;
    private final long startNs;
    private final List<Progress> items;
    private PlanState state = PlanState.RUNNING;
    private Instant end;
    private int taken;
    private int done;

    /** The progress of one item. */
    final class Progress {

        private final int index;
        private final Item item;
        private ItemState state = ItemState.PENDING;
        private Instant injected;
        private String reason;
        /** Whether the device may have a fault of its id. */
        private boolean hasFault;
        /** Whether the device's loop has yet to revert it. */
        private boolean isReverting;

        private Progress(int index, Item item) {
            this.index = index;
            this.item = item;
        }

        private Progress(int index, KeptPlan.KeptItem kept) {
            this(index, kept.item());
            state = kept.state();
            injected = kept.injected().orElse(null);
            reason = kept.reason().orElse(null);
            hasFault = kept.hasFault();
            isReverting = kept.isReverting();
        }

        private KeptPlan.KeptItem kept() {
            return new KeptPlan.KeptItem(item, state, Optional.ofNullable(injected), Optional.ofNullable(reason),
                    hasFault, isReverting);
        }

        Item item() {
            return item;
        }

        /** Unique among all faults that the device has had, in earlier runs of the service too. */
        String faultId() {
            return Fault.idOf(id, start, index + 1);
        }

        /** The request to the device; a fault without a reason has the plan's name. */
        FaultRequest request() {
            FaultRequest fault = item.fault();
            return new FaultRequest(fault.clock(), fault.effect(), Optional.empty(), fault.duration(), caller,
                    fault.onBehalfOf(), fault.reason().isEmpty() ? plan.name() : fault.reason());
        }

        private boolean isRevertible() {
            return hasFault && state != ItemState.REVERTED;
        }

        private ItemStatus status(boolean isActive) {
            return new ItemStatus(item, state, start.plusNanos(item.atNs()),
                    hasFault ? Optional.of(faultId()) : Optional.empty(), Optional.ofNullable(injected), isActive,
                    Optional.ofNullable(reason));
        }
    }

    PlanRun(String id, Plan plan, Schedule schedule, String caller, HostInstant now) {
        this.id = id;
        this.plan = plan;
        this.caller = caller;
        start = instant(now);
        startNs = now.boottimeNs();
        List<Progress> all = new ArrayList<>();
        schedule.items().forEach(item -> all.add(new Progress(all.size(), item)));
        items = List.copyOf(all);
    }

    /** A plan that another process began. */
    PlanRun(String id, KeptPlan kept) {
        this.id = id;
        plan = kept.plan();
        caller = kept.caller();
        start = kept.start();
        startNs = kept.startNs();
        List<Progress> all = new ArrayList<>();
        kept.items().forEach(item -> all.add(new Progress(all.size(), item)));
        items = List.copyOf(all);
        state = kept.state();
        end = kept.end().orElse(null);
        taken = Math.min(kept.taken(), items.size());
        done = kept.done();
    }

    /** What another process goes on from. */
    synchronized KeptPlan kept(long number) {
        return new KeptPlan(number, plan.name(), plan.seed(), plan.steps().stream().map(KeptPlan.KeptStep::of).toList(),
                caller, start, startNs, items.stream().map(Progress::kept).toList(), state, Optional.ofNullable(end),
                taken, done);
    }

    static Instant instant(HostInstant now) {
        return now.wallClock();
    }

    String id() {
        return id;
    }

    int size() {
        return items.size();
    }

    synchronized boolean isRunning() {
        return state == PlanState.RUNNING;
    }

    /** When the next item is due, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if there is none. */
    synchronized long nextNs() {
        return isRunning() && taken < items.size() ? startNs + items.get(taken).item.atNs() : Long.MAX_VALUE;
    }

    /** The items that have become due since the last call. */
    synchronized List<Progress> takeDue(long boottimeNs) {
        int first = taken;
        while (nextNs() <= boottimeNs) {
            taken++;
        }
        return items.subList(first, taken);
    }

    /** The item's fault was injected. Returns whether that completes the plan. */
    synchronized boolean onInjected(Progress item, HostInstant now) {
        item.hasFault = true;
        item.injected = instant(now);
        return onDone(item, ItemState.INJECTED, now);
    }

    /**
     * The item failed. Returns whether that completes the plan.
     *
     * @param isThere whether the device may have the fault nevertheless
     */
    synchronized boolean onFailed(Progress item, String reason, boolean isThere, HostInstant now) {
        item.hasFault = isThere;
        item.reason = reason;
        return onDone(item, ItemState.FAILED, now);
    }

    private boolean onDone(Progress item, ItemState result, HostInstant now) {
        item.state = result;
        return ++done == items.size() && end(PlanState.COMPLETED, now);
    }

    /** No further item is begun: those that are not due yet are cancelled. */
    synchronized void stop(HostInstant now) {
        if (end(PlanState.STOPPED, now)) {
            items.subList(taken, items.size()).forEach(item -> item.state = ItemState.CANCELLED);
        }
    }

    /** Whether an item that was due is not to be begun, because the plan was stopped; it is then cancelled. */
    synchronized boolean isCancelled(Progress item) {
        if (isRunning()) {
            return false;
        }
        item.state = ItemState.CANCELLED;
        return true;
    }

    String caller() {
        return caller;
    }

    /** Who changes a device in the name of this plan. */
    String actor(String operator) {
        return "%s (plan %s)".formatted(operator, id);
    }

    private boolean end(PlanState ended, HostInstant now) {
        if (!isRunning()) {
            return false;
        }
        state = ended;
        end = instant(now);
        return true;
    }

    /** The devices that may have faults of the plan, or may still get them. */
    synchronized Set<String> devices() {
        Set<String> devices = new TreeSet<>();
        items.subList(0, taken).stream().filter(item -> item.state == ItemState.PENDING || item.isRevertible())
                .forEach(item -> devices.add(item.item.device()));
        return devices;
    }

    /** The ids of the faults that a device may have. */
    synchronized Set<String> faultsAt(String device) {
        return revertibleAt(device).map(Progress::faultId).collect(Collectors.toSet());
    }

    private Stream<Progress> revertibleAt(String device) {
        return items.subList(0, taken).stream()
                .filter(item -> item.isRevertible() && item.item.device().equals(device));
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
        for (Progress item : items) {
            boolean isActive = item.isRevertible() && isThere.test(item.item.device(), item.faultId());
            counts[item.state.ordinal()]++;
            active += isActive ? 1 : 0;
            if (isDetailed) {
                statuses.add(item.status(isActive));
            }
        }
        return new PlanStatus(id, plan, caller, state, start, Optional.ofNullable(end),
                new Counts(items.size(), counts[ItemState.PENDING.ordinal()], counts[ItemState.INJECTED.ordinal()],
                        counts[ItemState.FAILED.ordinal()], counts[ItemState.REVERTED.ordinal()],
                        counts[ItemState.CANCELLED.ordinal()], active),
                List.copyOf(statuses));
    }
}
