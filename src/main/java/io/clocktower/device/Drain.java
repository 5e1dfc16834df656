package io.clocktower.device;

import io.clocktower.spec.DeviceException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/** The end of serving: new front-ends are refused, and those that are connected have a time to leave. Thread-safe. */
final class Drain {

    private static final Logger LOG = Logger.getLogger(Drain.class);
    private static final int MAX_NAMES = 20;

    private final Collection<DeviceProxy> devices;
    private final Semaphore disconnections = new Semaphore(0);
    private volatile boolean hasBegun;

    /**
     * @param devices a view of those that are hosted
     */
    Drain(Collection<DeviceProxy> devices) {
        this.devices = devices;
    }

    boolean hasBegun() {
        return hasBegun;
    }

    /** A front-end disconnected from a device. */
    void onDisconnected() {
        disconnections.release();
    }

    /** Accepts no more front-ends, and waits until those that are connected have left or the time is up. */
    void run(Duration grace) {
        hasBegun = true;
        long endNs = System.nanoTime() + grace.toNanos();
        List<String> connected = connectedAfter(proxy -> {
            proxy.retire();
            return proxy.device().isNeeded();
        });
        devices.forEach(proxy -> proxy.socket().deleteFile());
        if (connected.isEmpty()) {
            return;
        }
        LOG.infof("stopping: waiting up to %d s for the virtual machines of %s to disconnect; no new ones are accepted",
                grace.toSeconds(), names(connected));
        try {
            while (!connected.isEmpty() && disconnections.tryAcquire(endNs - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                connected = connectedAfter(proxy -> proxy.device().isNeeded());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!connected.isEmpty()) {
            LOG.warnf("stopping: after %d s still connected: %s; their virtual machines lose their clocks now",
                    grace.toSeconds(), names(connected));
        }
    }

    /** Asks all loops at once, and answers the names of the devices for which {@code isConnected} holds. */
    private List<String> connectedAfter(Predicate<DeviceProxy> isConnected) {
        List<CompletableFuture<Optional<String>>> answers = devices.stream().map(proxy -> proxy.loop()
                .submit(() -> Optional.of(proxy.name()).filter(_ -> isConnected.test(proxy)))).toList();
        return answers.stream().map(Drain::answer).flatMap(Optional::stream).toList();
    }

    private static Optional<String> answer(CompletableFuture<Optional<String>> answer) {
        try {
            return LoopAnswer.await(answer, DeviceException.noAnswer("an event loop does not answer"));
        } catch (DeviceException e) {
            // Its devices are not waited for; those of the other loops are.
            LOG.warnf("stopping: %s", e.getMessage());
            return Optional.empty();
        }
    }

    private static String names(List<String> devices) {
        int more = devices.size() - MAX_NAMES;
        return more <= 0
                ? String.join(", ", devices)
                : String.join(", ", devices.subList(0, MAX_NAMES)) + " and " + more + " more";
    }
}
