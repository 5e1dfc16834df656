package io.clocktower.plan;

import io.clocktower.device.DeviceChanges.Injected;
import io.clocktower.device.DeviceHost;
import io.clocktower.fault.Fault;
import io.clocktower.plan.Schedule.Item;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.FieldError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** What plans do to devices, one device at a time. Thread-safe; its callers may block. */
final class PlanChanges {

    private static final Logger LOG = Logger.getLogger(PlanChanges.class);

    private final DeviceHost devices;
    private final PlanObserver observer;
    private final LongAdder injected = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /**
     * @param observer receives each change of a device
     */
    PlanChanges(DeviceHost devices, PlanObserver observer) {
        this.devices = devices;
        this.observer = observer;
    }

    /** How many items were done since the start. */
    long injected() {
        return injected.sum();
    }

    /** How many items could not be done since the start. */
    long failed() {
        return failed.sum();
    }

    /**
     * Tries the fault of an item on its device. Nothing changes.
     *
     * @throws PlanException if the fault is not valid for the device
     */
    void refuseImpossible(Item item) throws PlanException {
        try {
            devices.changes().preview(item.device(), Optional.empty(), item.fault(), List.of(0L));
        } catch (DeviceException e) {
            // Other reasons may no longer apply when the item is due.
            if (e.reason() == Reason.IMPOSSIBLE) {
                FieldError fault = e.fault().orElseThrow().in(Schedule.path(item.step()) + "fault");
                throw PlanException.impossible(fault.field(), "%s (device %s)".formatted(fault.detail(),
                        item.device()));
            }
        }
    }

    /** Injects the fault of an item, and answers whether that completes the plan. */
    boolean inject(PlanRun run, PlanRun.Progress item) {
        try {
            String actor = run.actor(run.caller());
            Injected done = devices.changes().by(run.caller()).inject(item.item().device(), DeviceVersion.ANY,
                    Optional.of(item.faultId()), item.request());
            observer.onChanged(actor, done.changed());
            injected.increment();
            return run.onInjected(item, devices.now());
        } catch (DeviceException e) {
            failed.increment();
            return run.onFailed(item, e.getMessage(), e.reason() == Reason.NOT_KNOWN, devices.now());
        } catch (RuntimeException e) {
            failed.increment();
            LOG.errorf(e, "plan %s: unexpected failure", run.id());
            return run.onFailed(item, "unexpected failure; see the log of the service", true, devices.now());
        }
    }

    /** Reverts the faults of a plan that a device has. */
    void revert(PlanRun run, String device, String caller) {
        Set<String> own = run.faultsAt(device);
        if (own.isEmpty()) {
            return;
        }
        try {
            String actor = run.actor(caller);
            var changed = devices.changes().by(caller).revert(device, DeviceVersion.ANY,
                    fault -> own.contains(fault.id()));
            run.onReverted(device, changed.before().faults().list().stream().map(Fault::id).filter(own::contains)
                    .collect(Collectors.toSet()));
            observer.onChanged(actor, changed);
        } catch (DeviceException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                run.onNotReverted(device, e.getMessage(), e.reason() == Reason.NOT_KNOWN);
            }
        }
    }

    /** Whether a device has a fault now. Each device is asked only once. */
    BiPredicate<String, String> standing() {
        long nowNs = devices.now().boottimeNs();
        Map<String, Set<String>> known = new HashMap<>();
        return (device, fault) -> known.computeIfAbsent(device, name -> devices.faults(name).stream()
                .flatMap(faults -> faults.list().stream()).filter(there -> there.endNs() > nowNs).map(Fault::id)
                .collect(Collectors.toSet())).contains(fault);
    }
}
