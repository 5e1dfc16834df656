package io.clocktower.plan;

import io.clocktower.device.DeviceHost;
import io.clocktower.state.BootId;
import io.clocktower.state.StateFiles;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import org.jboss.logging.Logger;

/**
 * Keeps plans and their progress on disk, one file a plan, beside the devices. Progress is written soon after it is made, and
 * again and again if the disk refuses it. Thread-safe; no caller is an event loop.
 */
final class PlanKeeper {

    /** Runs a task after some time. */
    @FunctionalInterface
    interface Later {
        void run(Runnable task, long delayMs);
    }

    private static final Logger LOG = Logger.getLogger(PlanKeeper.class);
    /** However fast items follow one another, a plan is written once in this time, or more rarely if writing is slow. */
    private static final long PAUSE_MS = 50;
    private static final long AGAIN_MS = 1_000;
    private static final int SHARE_OF_TIME = 20;
    private static final String SEQUENCE = "plan";

    private final DeviceHost devices;
    private final LongFunction<Optional<KeptPlan>> plans;
    private final Later later;
    private final BooleanSupplier isResting;
    private final Set<Long> changed = ConcurrentHashMap.newKeySet();
    private final ReentrantLock writing = new ReentrantLock();
    private volatile long pauseMs = PAUSE_MS;
    private boolean hasFailed;

    /**
     * @param plans a plan as it is now; empty if it was forgotten
     * @param isResting whether the files may be another process's
     */
    PlanKeeper(DeviceHost devices, LongFunction<Optional<KeptPlan>> plans, BooleanSupplier isResting,
            Later later) {
        this.devices = devices;
        this.plans = plans;
        this.isResting = isResting;
        this.later = later;
    }

    /** The plans that are kept. What cannot be read is set aside. */
    List<KeptPlan> read() {
        List<KeptPlan> kept = new ArrayList<>();
        Optional<StateFiles> files = devices.planFiles();
        if (files.isPresent()) {
            contents(files.get()).forEach((id, content) -> {
                try {
                    PlanFile file = PlanFile.read(content);
                    if (!id.equals(Plans.id(file.plan().number()))) {
                        throw new IOException("it is of plan " + Plans.id(file.plan().number()));
                    }
                    kept.add(BootId.of(file.bootId()).isSameAs(devices.boot()) ? file.plan() : moved(file.plan()));
                } catch (IOException | RuntimeException e) {
                    files.get().setAside(id, "not the state of a plan: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
                }
            });
        }
        return kept;
    }

    /** After another boot a plan's times are those of the wall clock. */
    private KeptPlan moved(KeptPlan plan) {
        var now = devices.now();
        return plan.startedAt(now.boottimeNs()
                - Duration.between(plan.start(), now.wallClock()).toNanos());
    }

    private static Map<String, byte[]> contents(StateFiles files) {
        try {
            return files.read();
        } catch (IOException e) {
            LOG.errorf("no plan is restored, because their state cannot be read: %s", e.getMessage());
            return Map.of();
        }
    }

    /**
     * The number of a new plan. It is on disk before the plan has it: a script that stops its plan must not stop another one
     * after a restart.
     *
     * @param isTaken whether there is a plan of a number
     */
    long nextNumber(LongPredicate isTaken) throws IOException {
        long number;
        do {
            number = devices.nextNumber(SEQUENCE);
        } while (isTaken.test(number));
        return number;
    }

    /**
     * Keeps a plan now.
     *
     * @throws IOException if the disk refuses it
     */
    void keep(KeptPlan plan) throws IOException {
        writing.lock();
        try {
            Optional<StateFiles> files = devices.planFiles();
            if (files.isPresent()) {
                files.get().write(Plans.id(plan.number()), PlanFile.write(plan, devices.boot().toString()));
            }
        } finally {
            writing.unlock();
        }
    }

    /** A plan has made progress: it is written soon. */
    void onChanged(long number) {
        if (changed.add(number)) {
            later.run(() -> write(number), pauseMs);
        }
    }

    private void write(long number) {
        writing.lock();
        try {
            if (isResting.getAsBoolean() || devices.planFiles().isEmpty()) {
                // A hand-over: a successor has the files only once it serves.
                later.run(() -> write(number), AGAIN_MS);
            } else if (changed.remove(number)) {
                long startNs = System.nanoTime();
                Optional<KeptPlan> now = plans.apply(number);
                if (now.isPresent()) {
                    keep(now.get());
                }
                hasFailed = false;
                pauseMs = Math.max(PAUSE_MS,
                        TimeUnit.NANOSECONDS.toMillis(SHARE_OF_TIME * (System.nanoTime() - startNs)));
            }
        } catch (IOException e) {
            if (!hasFailed) {
                LOG.warnf("plan %s: its progress cannot be written to disk: %s (retrying every %d s)", Plans.id(number),
                        e.getMessage(), AGAIN_MS / 1_000);
            }
            hasFailed = true;
            changed.add(number);
            later.run(() -> write(number), AGAIN_MS);
        } finally {
            writing.unlock();
        }
    }

    /** Keeps a plan no longer. */
    void forget(long number) {
        writing.lock();
        try {
            Optional<StateFiles> files = devices.planFiles();
            if (files.isPresent()) {
                files.get().delete(Plans.id(number));
            }
        } catch (IOException e) {
            LOG.warnf("plan %s was forgotten, but is still on disk: %s", Plans.id(number), e.getMessage());
        } finally {
            writing.unlock();
        }
    }

    /** Writes what waits to be written. */
    void flush() {
        for (long number : Set.copyOf(changed)) {
            write(number);
        }
    }
}
