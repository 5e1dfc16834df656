package io.clocktower.device;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Keeps what guests and time change of the devices, soon after they did, on a thread of its own: a loop waits for no
 * disk. Thread-safe.
 */
final class StateWriter implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(StateWriter.class);
    /** However often a guest sets its alarms, the disk is bothered once in this time. */
    private static final long PAUSE_MS = 50;
    private static final long AGAIN_MS = 5_000;

    private final DeviceStore store;
    private final Set<Place> waiting = ConcurrentHashMap.newKeySet();
    private final Set<Place> failing = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("state-writer").daemon().factory());

    StateWriter(DeviceStore store) {
        this.store = store;
    }

    /** A device's record is another one now. */
    void onChanged(Place place) {
        schedule(place, PAUSE_MS);
    }

    private void schedule(Place place, long delayMs) {
        if (waiting.add(place)) {
            try {
                thread.schedule(() -> write(place), delayMs, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                waiting.remove(place);
            }
        }
    }

    private void write(Place place) {
        waiting.remove(place);
        try {
            place.exclusively(() -> {
                store.keep(place.ask(place.device()::record));
                return null;
            });
            failing.remove(place);
        } catch (DeviceException e) {
            if (e.reason() != DeviceException.Reason.NOT_FOUND) {
                if (failing.add(place)) {
                    LOG.warnf("%s (it will be tried again every %d s)", e.getMessage(), AGAIN_MS / 1_000);
                }
                schedule(place, AGAIN_MS);
            }
        } catch (RuntimeException e) {
            LOG.error(place.name() + ": its state cannot be kept", e);
        }
    }

    /** Writes what waits, and ends. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2 * PAUSE_MS, TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        waiting.forEach(this::write);
    }
}
