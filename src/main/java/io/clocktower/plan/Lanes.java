package io.clocktower.plan;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Does things one after the other for each device, so that one that is slow to answer holds no other up. Thread-safe. */
final class Lanes {

    private final Executor executor;
    /** What waits behind the task that runs, by device; no lane where none does. */
    private final Map<String, Queue<Runnable>> waiting = new HashMap<>();

    Lanes(Executor executor) {
        this.executor = executor;
    }

    /** Does something once all that was submitted for the device before is done. */
    CompletableFuture<Void> submit(String device, Runnable task) {
        var done = new CompletableFuture<Void>();
        Runnable told = () -> {
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
                behind.add(told);
                return done;
            }
            waiting.put(device, new ArrayDeque<>());
        }
        executor.execute(() -> run(device, told));
        return done;
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
            }
            return task;
        }
    }
}
