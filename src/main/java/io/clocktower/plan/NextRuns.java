package io.clocktower.plan;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceHost;
import java.time.Duration;
import org.jboss.logging.Logger;

/** Begins the runs of plans with a schedule. Thread-safe. */
final class NextRuns {

    private static final Logger LOG = Logger.getLogger(NextRuns.class);
    /** No device has such a name. */
    private static final String LANE = "#";

    private final Plans plans;
    private final DeviceHost devices;
    private final PlanChanges changes;

    NextRuns(Plans plans, DeviceHost devices, PlanChanges changes) {
        this.plans = plans;
        this.devices = devices;
        this.changes = changes;
    }

    /**
     * Begins the next run of a plan if it is due, on another thread.
     *
     * @return in how many nanoseconds it is due; {@link Long#MAX_VALUE} if none is to come
     */
    long beginIfDue(PlanRun run, HostInstant now) {
        if (run.repeats().filter(repeats -> repeats.takeDue(now.wallClock())).isPresent()) {
            changes.later(LANE + run.id(), () -> begin(run));
        }
        return run.repeats().flatMap(Repeats::awaited)
                .map(next -> Math.max(0, Duration.between(now.wallClock(), next).toNanos())).orElse(Long.MAX_VALUE);
    }

    /** What is left of the run before is stopped and reverted first. */
    private void begin(PlanRun before) {
        try {
            if (before.isRunning() || activeOf(before) > 0) {
                before.stopRun(devices.now());
                changes.revert(before, before.caller());
            }
            int left = activeOf(before);
            if (left > 0) {
                skip(before, left + " faults of the run before cannot be reverted");
                return;
            }
            PlanRun next = before.again(plans.schedule(before.plan()), devices.now());
            if (plans.replace(before, next)) {
                Repeats repeats = next.repeats().orElseThrow();
                repeats.onBegun(devices.now().wallClock());
                LOG.infof("plan %s: run %d began: %d faults", next.id(), repeats.runs().begun(), next.size());
                plans.onChanged(next);
            }
        } catch (PlanException e) {
            skip(before, e.getMessage());
        } catch (RuntimeException e) {
            LOG.errorf(e, "plan %s: unexpected failure", before.id());
            skip(before, "unexpected failure; see the log of the service");
        }
    }

    private int activeOf(PlanRun run) {
        return plans.status(run, false).counts().active();
    }

    private void skip(PlanRun run, String why) {
        run.repeats().orElseThrow().onSkipped(devices.now().wallClock(), why);
        LOG.warnf("plan %s: its run was skipped: %s", run.id(), why);
        plans.onChanged(run);
    }
}
