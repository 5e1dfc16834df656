package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceHost;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.Schedule.Item;
import io.clocktower.spec.DeviceSpec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The plans of this process: those that run or wait for their next run, and the last ones that have ended. They are kept on
 * disk. Thread-safe.
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
    private static final String PREFIX = "p";

    private final DeviceHost devices;
    private final PlanChanges changes;
    private final NextRuns nextRuns;
    private final PlanKeeper keeper;
    private final ConcurrentNavigableMap<Long, PlanRun> runs = new ConcurrentSkipListMap<>();
    private volatile Runnable wakeUp = () -> {};
    private boolean isClosed;
    private volatile boolean isFrozen;

    /**
     * @param observer receives each change of a device
     * @param executor may block the thread that it runs a task on
     * @param later when progress is written to disk
     */
    Plans(DeviceHost devices, PlanObserver observer, Executor executor, PlanKeeper.Later later) {
        this.devices = devices;
        changes = new PlanChanges(devices, observer, executor);
        nextRuns = new NextRuns(this, devices, changes);
        keeper = new PlanKeeper(devices, number -> Optional.ofNullable(runs.get(number)).map(run -> run.kept(number)),
                () -> isFrozen, later);
    }

    /** Plans with a thread of their own, until they are closed. */
    public static Plans over(DeviceHost devices, PlanObserver observer) {
        var plans = new Plans(devices, observer, task -> Thread.ofVirtual().name("plan").start(task),
                (task, delayMs) -> Thread.ofVirtual().name("plan-keeper").start(() -> {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(delayMs));
                    task.run();
                }));
        plans.wakeUp = new PlanThread(plans)::wake;
        return plans;
    }

    /** Takes up the plans that are on disk, which go on. The devices are restored before. */
    public void restore() {
        HostInstant now = devices.now();
        BiPredicate<String, String> standing = changes.standing();
        for (KeptPlan kept : keeper.read()) {
            var run = new PlanRun(id(kept.number()), kept);
            run.afterOutage(standing, now);
            runs.put(kept.number(), run);
            keeper.onChanged(kept.number());
            if (run.isLive()) {
                LOG.infof("plan %s restored: %s", run.id(), status(run, false).counts().summary());
            }
        }
        prune();
        wakeUp.run();
    }

    static String id(long number) {
        return PREFIX + number;
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
     * Starts a plan, or has it wait for its first run if it has a schedule.
     *
     * @param caller who starts it
     * @throws PlanException if too many run, it would never run, it cannot be written to disk, or the service is stopping
     */
    public PlanStatus start(Plan plan, Schedule schedule, String caller) throws PlanException {
        requireRoom();
        long number;
        PlanRun run;
        try {
            number = keeper.nextNumber(runs::containsKey);
            run = PlanRun.first(id(number), plan, schedule, caller, devices.now());
            keeper.keep(run.kept(number));
        } catch (IOException e) {
            throw PlanException.unavailable("the plan was not started, because it cannot be kept: " + e.getMessage());
        }
        try {
            synchronized (this) {
                requireRoom();
                runs.put(number, run);
            }
        } catch (PlanException e) {
            keeper.forget(number);
            throw e;
        }
        LOG.infof("plan %s started by %s: %s, seed %d", run.id(), caller,
                run.nextRun().map(next -> "its first run is at " + next).orElse(run.size() + " faults"), plan.seed());
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
            if (!changes.awaitIdle(FREEZE_PATIENCE_NS)) {
                LOG.warn("plans: an item is still on its way to its device");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void thaw() {
        isFrozen = false;
        // After a hand-over the files are this process's.
        runs.keySet().forEach(keeper::onChanged);
        wakeUp.run();
    }

    /** What a successor of this process goes on from. */
    public List<KeptPlan> kept() {
        return runs.entrySet().stream().map(run -> run.getValue().kept(run.getKey())).toList();
    }

    /** Takes the plans of a predecessor, and begins nothing until {@link #thaw}. */
    public void restore(List<KeptPlan> kept) {
        isFrozen = true;
        kept.forEach(plan -> runs.put(plan.number(), new PlanRun(id(plan.number()), plan)));
    }

    private synchronized void requireRoom() throws PlanException {
        if (isFrozen) {
            throw PlanException.unavailable("the service is being replaced by its successor; no plan was started");
        }
        if (isClosed) {
            throw PlanException.unavailable("the service is stopping; no plan was started");
        }
        long running = runs.values().stream().filter(PlanRun::isLive).count();
        if (running >= MAX_RUNNING) {
            throw PlanException
                    .conflict("%d plans run or wait already, the maximum is %d".formatted(running, MAX_RUNNING));
        }
    }

    /** The plans, in the order in which they were started, without their items. */
    public List<PlanStatus> list() {
        BiPredicate<String, String> isThere = changes.standing();
        return runs.values().stream().map(run -> run.status(isThere, false)).toList();
    }

    /** The ids of the plans that are running or wait for their next run, in the order in which they were started. */
    public List<String> running() {
        return runs.values().stream().filter(PlanRun::isLive).map(PlanRun::id).toList();
    }

    /** How many plans run, and what became of items. */
    public PlanCounts counts() {
        return new PlanCounts(runs.values().stream().filter(PlanRun::isRunning).count(), changes.injected(),
                changes.failed());
    }

    /** One plan. */
    public PlanStatus get(String id) throws PlanException {
        return status(find(id), true);
    }

    private PlanRun find(String id) throws PlanException {
        return runs.values().stream().filter(run -> run.id().equals(id)).findFirst()
                .orElseThrow(PlanException::notFound);
    }

    PlanStatus status(PlanRun run, boolean isDetailed) {
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
        changes.revert(run, caller);
        PlanStatus stopped = status(run, true);
        LOG.infof("plan %s stopped by %s: %s", run.id(), caller, stopped.counts().summary());
        onChanged(run);
        prune();
        return stopped;
    }

    /** A plan has made progress. */
    void onChanged(PlanRun run) {
        keeper.onChanged(number(run));
        wakeUp.run();
    }

    /** Puts the next run of a plan in place of the one before, unless that was forgotten or the plans are closed. */
    synchronized boolean replace(PlanRun before, PlanRun next) {
        return !isClosed && runs.replace(number(before), before, next);
    }

    private static long number(PlanRun run) {
        return Long.parseLong(run.id().substring(PREFIX.length()));
    }

    /**
     * Forgets a plan, and stops it first if it is running.
     *
     * @throws PlanException if it does not exist, or if it was stopped but not all of its faults could be reverted; it is
     *     kept then
     */
    public void forget(String id, String caller) throws PlanException {
        PlanRun run = find(id);
        if (run.isLive()) {
            Counts counts = stop(run, caller).counts();
            if (counts.active() > 0) {
                throw PlanException
                        .unavailable("plan %s was stopped, but %d of its faults could not be reverted yet; it is kept"
                                .formatted(id, counts.active()));
            }
        }
        runs.values().remove(run);
        keeper.forget(number(run));
    }

    /** Forgets the oldest ended plans if there are too many. */
    private synchronized void prune() {
        int count = 0;
        int items = 0;
        for (PlanRun run : runs.descendingMap().values()) {
            if (!run.isLive()) {
                count++;
                items += run.size();
                if (count > MAX_ENDED || count > 1 && items > MAX_ENDED_ITEMS) {
                    runs.values().remove(run);
                    keeper.forget(number(run));
                }
            }
        }
    }

    /**
     * Starts everything that is due.
     *
     * @return the time until the next item is due, in nanoseconds; {@link Long#MAX_VALUE} if no item is left
     */
    long runDue() {
        if (isFrozen || isClosed()) {
            return Long.MAX_VALUE;
        }
        HostInstant now = devices.now();
        long nextNs = Long.MAX_VALUE;
        for (PlanRun run : runs.values()) {
            nextNs = Math.min(nextNs, nextRuns.beginIfDue(run, now));
            for (PlanItem item : run.takeDue(now.boottimeNs())) {
                changes.later(item.item().device(), () -> inject(run, item));
            }
            nextNs = Math.min(nextNs, until(run.nextNs(), now));
        }
        return nextNs;
    }

    private static long until(long ns, HostInstant now) {
        return ns == Long.MAX_VALUE ? ns : ns - now.boottimeNs();
    }

    private void inject(PlanRun run, PlanItem item) {
        // What is left then is done once the service is there again.
        if (!isClosed() && !run.isCancelled(item)) {
            boolean isLast = changes.inject(run, item);
            onChanged(run);
            if (isLast) {
                LOG.infof("plan %s completed: %s", run.id(), status(run, false).counts().summary());
                prune();
            }
        }
    }

    /**
     * Starts nothing any more, and writes the plans' progress to disk. They go on when the service is there again; faults that
     * were injected stay for their durations.
     */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
        }
        if (!isFrozen) {
            keeper.flush();
        }
        wakeUp.run();
    }

    synchronized boolean isClosed() {
        return isClosed;
    }
}
