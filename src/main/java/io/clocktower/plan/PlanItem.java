package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequest;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.plan.Schedule.Item;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The progress of one item of a run. Guarded by its {@link PlanRun}, but for what never changes. */
final class PlanItem {

    private final PlanRun.Origin origin;
    private final int index;
    private final Item item;
    ItemState state = ItemState.PENDING;
    Instant injected;
    String reason;
    /** Whether the device may have a fault of its id. */
    boolean hasFault;
    /** Whether the device's loop has yet to revert it. */
    boolean isReverting;
    /** Whether it was due while the service was not running. */
    boolean isLate;

    PlanItem(PlanRun.Origin origin, int index, Item item) {
        this.origin = origin;
        this.index = index;
        this.item = item;
    }

    PlanItem(PlanRun.Origin origin, int index, KeptPlan.KeptItem kept) {
        this(origin, index, kept.item());
        state = kept.state();
        injected = kept.injected().orElse(null);
        reason = kept.reason().orElse(null);
        hasFault = kept.hasFault();
        isReverting = kept.isReverting();
    }

    KeptPlan.KeptItem kept() {
        return new KeptPlan.KeptItem(item, state, Optional.ofNullable(injected), Optional.ofNullable(reason),
                hasFault, isReverting);
    }

    Item item() {
        return item;
    }

    /** Unique among all faults that the device has had, in earlier runs of the service too. */
    String faultId() {
        return Fault.idOf(origin.id(), origin.start(), index + 1);
    }

    /**
     * The request to the device; a fault without a reason has the plan's name. One that was due while the service was
     * not running ends when it would have ended.
     */
    FaultRequest request(HostInstant now) {
        FaultRequest fault = item.fault();
        Optional<Duration> duration = isLate
                ? fault.duration().map(whole -> Duration.ofNanos(Math.max(1, endNs() - now.boottimeNs())))
                : fault.duration();
        return new FaultRequest(fault.clock(), fault.effect(), Optional.empty(), duration, origin.caller(),
                fault.onBehalfOf(), fault.reason().isEmpty() ? origin.plan().name() : fault.reason());
    }

    long dueNs() {
        return origin.startNs() + item.atNs();
    }

    /** When its fault ends, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if it does not. */
    long endNs() {
        return item.fault().duration().map(duration -> dueNs() + duration.toNanos()).orElse(Long.MAX_VALUE);
    }

    boolean isRevertible() {
        return hasFault && state != ItemState.REVERTED;
    }

    ItemStatus status(boolean isActive) {
        return new ItemStatus(item, state, origin.start().plusNanos(item.atNs()),
                hasFault ? Optional.of(faultId()) : Optional.empty(), Optional.ofNullable(injected), isActive,
                Optional.ofNullable(reason));
    }
}
