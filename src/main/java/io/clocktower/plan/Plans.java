package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceHost;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.Schedule.Item;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
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
 * The plans of this process: those that run, and the last ones that have ended. Thread-safe.
 *
 * <p>Time is that of the devices' host. {@link PlanThread} starts what is due. The executor's threads change the devices,
 * each device in the order in which its items are due.
 */
public final class Plans implements AutoCloseable {

    public static final int MAX_RUNNING = 16;
    public static final int MAX_ENDED = 100;
    /** 100 ended plans of the largest size would need too much memory. */
    private static final int MAX_ENDED_ITEMS = 5 * Schedule.MAX_ITEMS;

    private static final Logger LOG = Logger.getLogger(Plans.class);
    private static final long FREEZE_PATIENCE_NS = 4_000_000_000L;
    private static final long REVERT_DEADLINE_MS = 10_000;
    private static final String SEQUENCE = "plan";
    private static final String PREFIX = "p";

    private final DeviceHost devices;
    private final PlanChanges changes;
    private final Lanes lanes;
    private final ConcurrentNavigableMap<Long, PlanRun> runs = new ConcurrentSkipListMap<>();
    private volatile Runnable wakeUp = () -> {};
    private boolean isClosed;
    private volatile boolean isFrozen;

    /**
     * @param observer receives each change of a device
     * @param executor may block the thread that it runs a task on
     */
    Plans(DeviceHost devices, PlanObserver observer, Executor executor) {
        this.devices = devices;
        changes = new PlanChanges(devices, observer);
        lanes = new Lanes(executor);
    }

    /** Plans with a thread of their own, until they are closed. */
    public static Plans over(DeviceHost devices, PlanObserver observer) {
        var plans = new Plans(devices, observer, task -> Thread.ofVirtual().name("plan").start(task));
        plans.wakeUp = new PlanThread(plans)::wake;
        return plans;
    }

    /**
     * The schedule of a plan with the present devices. Nothing changes.
     *
     * @throws PlanException if a step matches too few devices, or its fault is not valid for one of them
     */
    public Schedule schedule(Plan plan) throws PlanException {
        Map<String, Map<String, String>> labels = devices.specs().stream()
                .collect(Collectors.toMap(DeviceSpec::name, DeviceSpec::labels));
        Schedule schedule = Schedule.of(plan, labels);
        for (Item item : schedule.items()) {
            changes.refuseImpossible(item);
        }
        return schedule;
    }

    /**
     * Starts a plan.
     *
     * @param caller who starts it
     * @throws PlanException if too many run, or the service is stopping
     */
    public PlanStatus start(Plan plan, Schedule schedule, String caller) throws PlanException {
        PlanRun run;
        requireRoom();
        long number = number();
        synchronized (this) {
            requireRoom();
            run = new PlanRun(PREFIX + number, plan, schedule, caller, devices.now());
            runs.put(number, run);
        }
        LOG.infof("plan %s started by %s: %d faults, seed %d", run.id(), caller, run.size(), plan.seed());
        PlanStatus started = status(run, true);
        wakeUp.run();
        return started;
    }

    /**
     * Begins nothing more until {@link #thaw}, and waits for what is on its way to a device, up to some seconds.
     */
    public void freeze() {
        isFrozen = true;
        try {
            if (!lanes.awaitIdle(FREEZE_PATIENCE_NS)) {
                LOG.warn("plans: an item is still on its way to its device");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void thaw() {
        isFrozen = false;
        wakeUp.run();
    }

    /** What a successor of this process goes on from. */
    public List<KeptPlan> kept() {
        return runs.entrySet().stream().map(run -> run.getValue().kept(run.getKey())).toList();
    }

    /** Takes the plans of a predecessor, and begins nothing until {@link #thaw}. */
    public void restore(List<KeptPlan> kept) {
        isFrozen = true;
        kept.forEach(plan -> runs.put(plan.number(), new PlanRun(PREFIX + plan.number(), plan)));
    }

    private synchronized void requireRoom() throws PlanException {
        if (isFrozen) {
            throw PlanException.unavailable("the service is being replaced by its successor; no plan was started");
        }
        if (isClosed) {
            throw PlanException.unavailable("the service is stopping; no plan was started");
        }
        long running = runs.values().stream().filter(PlanRun::isRunning).count();
        if (running >= MAX_RUNNING) {
            throw PlanException.conflict("%d plans run already, the maximum is %d".formatted(running, MAX_RUNNING));
        }
    }

    /** It is on disk before the plan has it: a script that stops its plan must not stop another one after a restart. */
    private long number() throws PlanException {
        try {
            return devices.nextNumber(SEQUENCE);
        } catch (IOException e) {
            throw PlanException
                    .unavailable("the plan was not started, because its id cannot be kept: " + e.getMessage());
        }
    }

    /** The plans, in the order in which they were started, without their items. */
    public List<PlanStatus> list() {
        BiPredicate<String, String> isThere = changes.standing();
        return runs.values().stream().map(run -> run.status(isThere, false)).toList();
    }

    /** The ids of the plans that are running, in the order in which they were started. */
    public List<String> running() {
        return runs.values().stream().filter(PlanRun::isRunning).map(PlanRun::id).toList();
    }

    /** How many plans run, and what became of items. */
    public PlanCounts counts() {
        return new PlanCounts(running().size(), changes.injected(), changes.failed());
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
        return run.status(changes.standing(), isDetailed);
    }

    /**
     * Cancels the plan's items that are still to be done, and reverts those of its faults that its devices still have. Of a
     * plan that has ended, only the faults are reverted. No other fault is.
     *
     * @param caller who asks for it
     * @return the plan after that; an item whose fault could not be reverted says why
     */
    public PlanStatus stop(String id, String caller) throws PlanException {
        return stop(find(id), caller);
    }

    private PlanStatus stop(PlanRun run, String caller) {
        run.stop(devices.now());
        List<CompletableFuture<Void>> reverts = run.devices().stream()
                .map(device -> lanes.submit(device, () -> changes.revert(run, device, caller))).toList();
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
        PlanStatus stopped = status(run, true);
        LOG.infof("plan %s stopped by %s: %s", run.id(), caller, stopped.counts().summary());
        prune();
        return stopped;
    }

    /**
     * Forgets a plan, and stops it first if it is running.
     *
     * @throws PlanException if it does not exist, or if it was stopped but not all of its faults could be reverted; it is
     *     kept then
     */
    public void forget(String id, String caller) throws PlanException {
        PlanRun run = find(id);
        if (run.isRunning()) {
            Counts counts = stop(run, caller).counts();
            if (counts.active() > 0) {
                throw PlanException
                        .unavailable("plan %s was stopped, but %d of its faults could not be reverted yet; it is kept"
                                .formatted(id, counts.active()));
            }
        }
        runs.values().remove(run);
    }

    /** Forgets the oldest ended plans if there are too many. */
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
     * Starts everything that is due.
     *
     * @return the time until the next item is due, in nanoseconds; {@link Long#MAX_VALUE} if there is none
     */
    long runDue() {
        if (isFrozen) {
            return Long.MAX_VALUE;
        }
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
        if (!run.isCancelled(item) && changes.inject(run, item)) {
            LOG.infof("plan %s completed: %s", run.id(), status(run, false).counts().summary());
            prune();
        }
    }

    /** Starts nothing any more. Faults that were injected stay for their durations. */
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
