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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** What plans do to devices, for each device in the order in which it was asked for. Thread-safe. */
final class PlanChanges {

    private static final Logger LOG = Logger.getLogger(PlanChanges.class);
    private static final long REVERT_DEADLINE_MS = 10_000;

    private final DeviceHost devices;
    private final PlanObserver observer;
    private final Lanes lanes;
    private final LongAdder injected = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /**
     * @param observer receives each change of a device
     * @param executor may block the thread that it runs a task on
     */
    PlanChanges(DeviceHost devices, PlanObserver observer, Executor executor) {
        this.devices = devices;
        this.observer = observer;
        lanes = new Lanes(executor);
    }

    /** Does something after all that was asked for a device, or in the name of a plan, before. */
    CompletableFuture<Void> later(String lane, Runnable task) {
        return lanes.submit(lane, task);
    }

    /** Waits until nothing is on its way to a device, and answers whether that came in time. */
    boolean awaitIdle(long patienceNs) throws InterruptedException {
        return lanes.awaitIdle(patienceNs);
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
    boolean inject(PlanRun run, PlanItem item) {
        try {
            String actor = run.actor(run.caller());
            Injected done = devices.changes().by(run.caller()).inject(item.item().device(), DeviceVersion.ANY,
                    Optional.of(item.faultId()), item.request(devices.now()));
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

    /** Waits some seconds for the devices to revert what they have of a run that is stopped. */
    void revert(PlanRun run, String caller) {
        List<CompletableFuture<Void>> reverts = run.devices().stream()
                .map(device -> lanes.submit(device, () -> revert(run, device, caller))).toList();
        try {
            CompletableFuture.allOf(reverts.toArray(CompletableFuture<?>[]::new)).get(REVERT_DEADLINE_MS,
                    TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            LOG.errorf(e.getCause(), "plan %s: unexpected failure", run.id());
        } catch (TimeoutException e) {
            LOG.warnf("plan %s: reverting its faults takes longer than %d s", run.id(), REVERT_DEADLINE_MS / 1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void revert(PlanRun run, String device, String caller) {
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
