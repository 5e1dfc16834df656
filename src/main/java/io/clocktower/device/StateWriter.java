package io.clocktower.device;

import io.clocktower.spec.DeviceException;
import io.clocktower.state.DeviceStore;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Keeps on disk what guests and time change of the devices, soon after they do, on a thread of its own: no loop waits for a
 * disk. Thread-safe.
 */
final class StateWriter {

    private static final Logger LOG = Logger.getLogger(StateWriter.class);
    /** However often a guest sets its alarms, its state is written once in this time. */
    private static final long PAUSE_MS = 50;
    private static final long AGAIN_MS = 1_000;

    private final DeviceStore store;
    private final Set<DeviceProxy> waiting = ConcurrentHashMap.newKeySet();
    private final Set<DeviceProxy> failing = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().name("state-writer").daemon().factory());

    StateWriter(DeviceStore store) {
        this.store = store;
        // It must not be missing when the host has no room for one more.
        thread.prestartCoreThread();
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(true);
    }

    /** A device's record has changed. For the device's loop, which neither waits here nor, as a rule, allocates. */
    void onChanged(DeviceProxy device) {
        if (device.markChanged()) {
            device.loop().outbox().execute(() -> schedule(device, PAUSE_MS));
        }
    }

    private void schedule(DeviceProxy device, long delayMs) {
        if (waiting.add(device)) {
            try {
                thread.schedule(() -> write(device), delayMs, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                // It is closing: the last pass finds those that are waiting.
            }
        }
    }

    private void write(DeviceProxy device) {
        waiting.remove(device);
        if (device.isSuspended()) {
            schedule(device, PAUSE_MS);
            return;
        }
        device.clearChanged();
        try {
            device.exclusively(() -> {
                store.keep(device.ask(device.device()::record));
                return null;
            });
            failing.remove(device);
        } catch (DeviceException e) {
            if (e.reason() != DeviceException.Reason.NOT_FOUND) {
                if (failing.add(device)) {
                    LOG.warnf("%s (retrying every %d s)", e.getMessage(), AGAIN_MS / 1_000);
                }
                schedule(device, AGAIN_MS);
            }
        } catch (RuntimeException e) {
            LOG.error(device.name() + ": its state cannot be written to disk", e);
        }
    }

    /**
     * Writes what waits, and ends.
     *
     * @param devices those of the loop, some of which may have changed just now
     */
    void close(Collection<DeviceProxy> devices) {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2 * PAUSE_MS, TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        devices.stream().filter(device -> device.isChanged() || waiting.contains(device)).forEach(this::write);
    }
}
