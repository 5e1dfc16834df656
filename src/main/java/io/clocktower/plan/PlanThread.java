package io.clocktower.plan;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jboss.logging.Logger;

/** The thread that starts items when they are due. It ends when the plans are closed. */
final class PlanThread {

    private static final Logger LOG = Logger.getLogger(PlanThread.class);
    /** A thread's sleep does not count the time in which the host is suspended; the plans' time does. */
    private static final long LONGEST_SLEEP_NS = TimeUnit.SECONDS.toNanos(1);

    private final Plans plans;
    private final Thread thread;

    PlanThread(Plans plans) {
        this.plans = plans;
        thread = Thread.ofPlatform().name("plans").daemon().start(this::run);
    }

    /** Makes it look for due items at once. */
    void wake() {
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!plans.isClosed()) {
            long ns = Long.MAX_VALUE;
            try {
                ns = plans.runDue();
            } catch (RuntimeException failure) {
                LOG.error("plans: unexpected failure", failure);
                ns = LONGEST_SLEEP_NS;
            }
            if (ns == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, Math.min(ns, LONGEST_SLEEP_NS));
            }
        }
    }
}
