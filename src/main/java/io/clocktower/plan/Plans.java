package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceException.Reason;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.FieldFault;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.DeviceVersion;
import io.clocktower.device.Fault;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.Schedule.Item;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The plans of this process, those that run and the last of those that have ended. Thread-safe.
 *
 * <p>Time is that of the devices' host. {@link PlanThread} has what is due done; devices are changed on threads of the
 * executor's, for each device in the order in which its items are due.
 */
public final class Plans implements AutoCloseable {

    public static final int MAX_RUNNING = 16;
    public static final int MAX_ENDED = 100;
    /** What 100 large plans would keep is too much. */
    private static final int MAX_ENDED_ITEMS = 5 * Schedule.MAX_ITEMS;

    private static final Logger LOG = Logger.getLogger(Plans.class);
    private static final long REVERT_DEADLINE_MS = 10_000;
    private static final String PREFIX = "p";

    private final DeviceHost devices;
    private final Lanes lanes;
    private final ConcurrentNavigableMap<Long, PlanRun> runs = new ConcurrentSkipListMap<>();
    private volatile Runnable wakeUp = () -> {};
    private long last;
    private boolean isClosed;

    /**
     * @param executor may have each device wait for what it runs
     */
    Plans(DeviceHost devices, Executor executor) {
        this.devices = devices;
        lanes = new Lanes(executor);
    }

    /** Plans over some devices, with a thread of their own until they are closed. */
    public static Plans over(DeviceHost devices) {
        var plans = new Plans(devices, task -> Thread.ofVirtual().name("plan").start(task));
        plans.wakeUp = new PlanThread(plans)::wake;
        return plans;
    }

    /**
     * What a plan comes to with the devices as they are now. Nothing is changed.
     *
     * @throws PlanException if a step matches too few devices, or if one of those can never have its fault
     */
    public Schedule schedule(Plan plan) throws PlanException {
        Map<String, Map<String, String>> labels = devices.specs().stream()
                .collect(Collectors.toMap(DeviceSpec::name, DeviceSpec::labels));
        Schedule schedule = Schedule.of(plan, labels);
        for (Item item : schedule.items()) {
            refuseImpossible(item);
        }
        return schedule;
    }

    private void refuseImpossible(Item item) throws PlanException {
        try {
            devices.changes().preview(item.device(), Optional.empty(), item.fault(), List.of(0L));
        } catch (DeviceException e) {
            // What is only so for now may be otherwise by then.
            if (e.reason() == Reason.IMPOSSIBLE) {
                FieldFault fault = e.fault().orElseThrow().in(Schedule.path(item.step()) + "fault");
                throw PlanException.impossible(fault.field(), "%s (device %s)".formatted(fault.detail(),
                        item.device()));
            }
        }
    }

    /**
     * Starts a plan.
     *
     * @param caller who asks for it
     * @throws PlanException if too many run, or the service is stopping
     */
    public PlanStatus start(Plan plan, Schedule schedule, String caller) throws PlanException {
        PlanRun run;
        synchronized (this) {
            if (isClosed) {
                throw PlanException.unavailable("the service is stopping; no plan was started");
            }
            long running = runs.values().stream().filter(PlanRun::isRunning).count();
            if (running >= MAX_RUNNING) {
                throw PlanException.conflict("%d plans run, expected at most %d".formatted(running, MAX_RUNNING));
            }
            run = new PlanRun(PREFIX + ++last, plan, schedule, caller, devices.now());
            runs.put(last, run);
        }
        LOG.infof("plan %s of %s starts: %d faults, seed %d", run.id(), caller, run.size(), plan.seed());
        PlanStatus started = status(run, true);
        wakeUp.run();
        return started;
    }

    /** The plans, in the order in which they were started, without their items. */
    public List<PlanStatus> list() {
        BiPredicate<String, String> isThere = standing();
        return runs.values().stream().map(run -> run.status(isThere, false)).toList();
    }

    /** One plan. */
    public PlanStatus get(String id) throws PlanException {
        return status(find(id), true);
    }

    private PlanRun find(String id) throws PlanException {
        return runs.values().stream().filter(run -> run.id().equals(id)).findFirst()
                .orElseThrow(PlanException::notFound);
    }

    private PlanStatus status(PlanRun run, boolean isDetailed) {
        return run.status(standing(), isDetailed);
    }

    /** Whether a device has a fault now; it is asked once, whatever happens meanwhile. */
    private BiPredicate<String, String> standing() {
        long nowNs = devices.now().boottimeNs();
        Map<String, Set<String>> known = new HashMap<>();
        return (device, fault) -> known.computeIfAbsent(device, name -> devices.faults(name).stream()
                .flatMap(faults -> faults.list().stream()).filter(there -> there.endNs() > nowNs).map(Fault::id)
                .collect(Collectors.toSet())).contains(fault);
    }

    /**
     * Begins none of a plan's items any more and reverts those of its faults that are still there, and no other. A plan
     * that has ended is asked for the second alone.
     *
     * @return the plan, once that is done, or has failed as its items say
     */
    public PlanStatus stop(String id) throws PlanException {
        return stop(find(id));
    }

    private PlanStatus stop(PlanRun run) {
        run.stop(devices.now());
        List<CompletableFuture<Void>> reverts = run.devices().stream()
                .map(device -> lanes.submit(device, () -> revert(run, device))).toList();
        try {
            CompletableFuture.allOf(reverts.toArray(CompletableFuture<?>[]::new)).get(REVERT_DEADLINE_MS,
                    TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            LOG.errorf(e.getCause(), "plan %s: unexpected failure", run.id());
        } catch (TimeoutException e) {
            LOG.warnf("plan %s: its faults are still being reverted", run.id());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        PlanStatus stopped = status(run, true);
        LOG.infof("plan %s is stopped: %s", run.id(), stopped.counts().told());
        prune();
        return stopped;
    }

    private void revert(PlanRun run, String device) {
        Set<String> own = run.faultsAt(device);
        if (own.isEmpty()) {
            return;
        }
        try {
            var changed = devices.changes().revert(device, DeviceVersion.ANY, fault -> own.contains(fault.id()));
            run.onReverted(device, changed.before().faults().stream().map(effect -> effect.fault().id())
                    .filter(own::contains).collect(Collectors.toSet()));
        } catch (DeviceException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                run.onNotReverted(device, e.getMessage());
            }
        }
    }

    /**
     * Forgets a plan, and stops it first if it runs.
     *
     * @throws PlanException if there is none, or if it was stopped and faults of it could not be reverted; it is then kept
     */
    public void forget(String id) throws PlanException {
        PlanRun run = find(id);
        if (run.isRunning()) {
            Counts counts = stop(run).counts();
            if (counts.active() > 0) {
                throw PlanException
                        .unavailable("plan %s was stopped, but %d of its faults could not be reverted yet; it is kept"
                                .formatted(id, counts.active()));
            }
        }
        runs.values().remove(run);
    }

    /** Forgets the oldest of those that have ended, where there are too many. */
    private synchronized void prune() {
        int count = 0;
        int items = 0;
        for (PlanRun run : runs.descendingMap().values()) {
            if (!run.isRunning()) {
                count++;
                items += run.size();
                if (count > MAX_ENDED || count > 1 && items > MAX_ENDED_ITEMS) {
                    runs.values().remove(run);
                }
            }
        }
    }

    /**
     * Has everything done that is due.
     *
     * @return how long until something else is, in nanoseconds; {@link Long#MAX_VALUE} if nothing will be
     */
    long runDue() {
        HostInstant now = devices.now();
        long nextNs = Long.MAX_VALUE;
        for (PlanRun run : runs.values()) {
            for (PlanRun.Progress item : run.takeDue(now.boottimeNs())) {
                lanes.submit(item.item().device(), () -> inject(run, item));
            }
            nextNs = Math.min(nextNs, run.nextNs());
        }
        return nextNs == Long.MAX_VALUE ? nextNs : nextNs - now.boottimeNs();
    }

    private void inject(PlanRun run, PlanRun.Progress item) {
        if (!run.isRunning()) {
            return;
        }
        boolean isLast;
        try {
            devices.changes().inject(item.item().device(), DeviceVersion.ANY, Optional.of(item.faultId()),
                    item.request());
            isLast = run.onInjected(item, devices.now());
        } catch (DeviceException e) {
            isLast = run.onFailed(item, e.getMessage(), e.reason() == Reason.NOT_KNOWN, devices.now());
        } catch (RuntimeException e) {
            LOG.errorf(e, "plan %s: unexpected failure", run.id());
            isLast = run.onFailed(item, "the service failed; its log says how", true, devices.now());
        }
        if (isLast) {
            LOG.infof("plan %s is completed: %s", run.id(), status(run, false).counts().told());
            prune();
        }
    }

    /** Begins nothing any more, and starts no plan; faults that were injected stay as long as they were to. */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
        }
        HostInstant now = devices.now();
        runs.values().forEach(run -> run.stop(now));
        wakeUp.run();
    }

    synchronized boolean isClosed() {
        return isClosed;
    }
}
