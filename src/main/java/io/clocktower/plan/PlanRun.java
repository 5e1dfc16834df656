package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.FaultRequest;
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

/** A plan on its way: what has become of each item. Does nothing to a device by itself. Thread-safe. */
final class PlanRun {

    private static final int MAX_AUTHOR = 256;

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

    /** What has become of one item. */
    final class Progress {

        private final int index;
        private final Item item;
        private ItemState state = ItemState.PENDING;
        private Instant injected;
        private String reason;
        /** Whether a fault of its id may be at the device. */
        private boolean hasFault;

        private Progress(int index, Item item) {
            this.index = index;
            this.item = item;
        }

        Item item() {
            return item;
        }

        /** No other fault of the device has had it, whatever ran before: not even one of another process's plan. */
        String faultId() {
            return id + "-" + Long.toString(start.toEpochMilli(), Character.MAX_RADIX) + "-" + (index + 1);
        }

        /** What is asked of the device, in the plan's name. */
        FaultRequest request() {
            FaultRequest fault = item.fault();
            String author = "plan " + id + " (" + fault.author();
            return new FaultRequest(fault.clock(), fault.effect(), Optional.empty(), fault.duration(),
                    author.substring(0, Math.min(author.length(), MAX_AUTHOR - 1)) + ")",
                    fault.reason().isEmpty() ? plan.name() : fault.reason());
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

    /** When the next item is due, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if none will be. */
    synchronized long nextNs() {
        return isRunning() && taken < items.size() ? startNs + items.get(taken).item.atNs() : Long.MAX_VALUE;
    }

    /** The items that have become due since this was last asked. */
    synchronized List<Progress> takeDue(long boottimeNs) {
        int first = taken;
        while (nextNs() <= boottimeNs) {
            taken++;
        }
        return items.subList(first, taken);
    }

    /** An item is done; answers whether the plan is completed with it. */
    synchronized boolean onInjected(Progress item, HostInstant now) {
        item.hasFault = true;
        item.injected = instant(now);
        return onDone(item, ItemState.INJECTED, now);
    }

    /**
     * The same of one that failed.
     *
     * @param isThere whether the device may have the fault all the same
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

    /** No item is to be begun any more. */
    synchronized void stop(HostInstant now) {
        end(PlanState.STOPPED, now);
    }

    private boolean end(PlanState ended, HostInstant now) {
        if (!isRunning()) {
            return false;
        }
        state = ended;
        end = instant(now);
        return true;
    }

    /** The devices that its faults may be at, or may yet come to. */
    synchronized Set<String> devices() {
        Set<String> devices = new TreeSet<>();
        items.subList(0, taken).stream().filter(item -> item.state == ItemState.PENDING || item.isRevertible())
                .forEach(item -> devices.add(item.item.device()));
        return devices;
    }

    /** The ids of the faults that may be at a device. */
    synchronized Set<String> faultsAt(String device) {
        return revertibleAt(device).map(Progress::faultId).collect(Collectors.toSet());
    }

    private Stream<Progress> revertibleAt(String device) {
        return items.subList(0, taken).stream()
                .filter(item -> item.isRevertible() && item.item.device().equals(device));
    }

    /**
     * @param faults the ids of those that were at the device and are no more
     */
    synchronized void onReverted(String device, Set<String> faults) {
        revertibleAt(device).filter(item -> faults.contains(item.faultId())).toList().forEach(item -> {
            item.state = ItemState.REVERTED;
            item.reason = null;
        });
    }

    synchronized void onNotReverted(String device, String reason) {
        revertibleAt(device).forEach(item -> item.reason = "not reverted: " + reason);
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
                        counts[ItemState.FAILED.ordinal()], counts[ItemState.REVERTED.ordinal()], active),
                List.copyOf(statuses));
    }
}
