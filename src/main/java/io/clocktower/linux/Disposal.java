package io.clocktower.linux;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * Gives back, on another thread, what can take the kernel a long time to take back. Unmapping or closing the last reference
 * to a guest's memory frees all of its pages; closing a file of a file system that does not answer waits for it.
 *
 * <p>
 * What is given to one object is done in order, by one thread at a time. Thread-safe, without locks.
 */
public final class Disposal {

    private static final Logger LOG = Logger.getLogger(Disposal.class);

    /** Threads of this name keep their priority over the control plane, as the event loops' do. */
    private static final ThreadFactory THREADS = Thread.ofPlatform().daemon().name("event-loop-disposal-", 0).factory();
    private static final int MEMORY_THREADS = 2;
    /** How many steps of one object are run before those of others. */
    private static final int STEPS_A_TURN = 16;

    private final Executor threads;
    private final Queue<Runnable> steps = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicBoolean isRunning = new AtomicBoolean();

    private Disposal(Executor threads) {
        this.threads = threads;
    }

    /**
     * For memory, which the kernel takes back without waiting for anybody. All such objects share two threads in turns: a
     * thread for each would keep the event loops from the processors.
     */
    public static Disposal ofMemory() {
        return new Disposal(Memory.THREADS);
    }

    /** For files that may never close. Each such object has a thread of its own while it needs one. */
    public static Disposal ofFiles() {
        return new Disposal(Files.THREADS);
    }

    /** Their threads are there before they are needed; to give them work takes no lock. */
    private static final class Memory {

        private static final Executor THREADS = start();

        private static Executor start() {
            var threads = new ThreadPoolExecutor(MEMORY_THREADS, MEMORY_THREADS, 0, TimeUnit.SECONDS,
                    new LinkedTransferQueue<>(), Disposal.THREADS);
            threads.prestartAllCoreThreads();
            return threads;
        }
    }

    private static final class Files {
        private static final Executor THREADS = Executors.newCachedThreadPool(Disposal.THREADS);
    }

    /** Runs a step soon. */
    public void add(Runnable step) {
        pending.incrementAndGet();
        steps.add(step);
        start();
    }

    /** Closes a descriptor soon. */
    public void close(Descriptor descriptor) {
        add(descriptor::close);
    }

    /** How many steps are not complete. */
    public int pending() {
        return pending.get();
    }

    private void start() {
        if (!isRunning.compareAndSet(false, true)) {
            return;
        }
        try {
            threads.execute(this::run);
        } catch (Throwable noThread) {
            // The next step tries again.
            isRunning.set(false);
        }
    }

    /** A step that throws holds up none of those after it. */
    private void run() {
        try {
            int left = STEPS_A_TURN;
            for (Runnable step = steps.poll(); step != null; step = --left > 0 ? steps.poll() : null) {
                runOne(step);
            }
        } finally {
            isRunning.set(false);
        }
        if (!steps.isEmpty()) {
            start();
        }
    }

    private void runOne(Runnable step) {
        try {
            step.run();
        } catch (Throwable failure) {
            LOG.error("memory or a descriptor could not be given back", failure);
        } finally {
            pending.decrementAndGet();
        }
    }
}
