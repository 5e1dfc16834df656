package io.clocktower.plan;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Runs tasks one after another for each device, so that a slow device delays only its own tasks. Thread-safe. */
final class Lanes {

    private final Executor executor;
    /** The tasks behind the one that runs, by device; a device without a running task has no entry. */
    private final Map<String, Queue<Runnable>> waiting = new HashMap<>();

    Lanes(Executor executor) {
        this.executor = executor;
    }

    /** Runs a task once all tasks submitted for the device before are done. */
    CompletableFuture<Void> submit(String device, Runnable task) {
        var done = new CompletableFuture<Void>();
        Runnable completing = () -> {
            try {
                task.run();
                done.complete(null);
            } catch (RuntimeException | Error failure) {
                done.completeExceptionally(failure);
            }
        };
        synchronized (waiting) {
            Queue<Runnable> behind = waiting.get(device);
            if (behind != null) {
                behind.add(completing);
                return done;
            }
            waiting.put(device, new ArrayDeque<>());
        }
        executor.execute(() -> run(device, completing));
        return done;
    }

    /** Waits until no task runs or waits, and answers whether that came in time. */
    boolean awaitIdle(long patienceNs) throws InterruptedException {
        long endNs = System.nanoTime() + patienceNs;
        synchronized (waiting) {
            while (!waiting.isEmpty()) {
                long leftMs = (endNs - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0) {
                    return false;
                }
                waiting.wait(leftMs);
            }
            return true;
        }
    }

    private void run(String device, Runnable first) {
        for (Runnable task = first; task != null; task = next(device)) {
            task.run();
        }
    }

    private Runnable next(String device) {
        synchronized (waiting) {
            Runnable task = waiting.get(device).poll();
            if (task == null) {
                waiting.remove(device);
                waiting.notifyAll();
            }
            return task;
        }
    }
}
