package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.event.DeviceEvent;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** The event streams that are open. Thread-safe. */
@Singleton
final class EventStreams {

    static final int MAX = 64;

    /** After the devices have drained, so that clients receive those events too. */
    private static final int LAST = Interceptor.Priority.APPLICATION + 900;
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final DeviceHost devices;
    private final Set<EventStream> open = new HashSet<>();
    private boolean isStopping;

    EventStreams(DeviceHost devices) {
        this.devices = devices;
    }

    /**
     * A stream that begins at its subscription.
     *
     * @param isOver whether the client is known to have gone, or no longer has the right to read
     * @throws ServiceUnavailableException if there are too many, or the service is stopping
     */
    EventStream stream(Predicate<DeviceEvent> isWanted, OptionalLong afterId, Sse sse, BooleanSupplier isOver) {
        synchronized (this) {
            if (isStopping) {
                throw new ServiceUnavailableException("The service is stopping.");
            }
            if (open.size() >= MAX) {
                throw new ServiceUnavailableException("All %d event streams are in use; try again later."
                        .formatted(MAX));
            }
        }
        return new EventStream(devices.events(), isWanted, afterId, sse, new EventStream.Life() {

            @Override
            public boolean begins(EventStream stream) {
                return add(stream);
            }

            @Override
            public boolean isOver() {
                return isOver.getAsBoolean();
            }

            @Override
            public void onEnd(EventStream stream) {
                remove(stream);
            }
        });
    }

    private synchronized boolean add(EventStream stream) {
        return !isStopping && open.size() < MAX && open.add(stream);
    }

    private synchronized void remove(EventStream stream) {
        open.remove(stream);
    }

    void onStopping(@Observes @Priority(LAST) ShutdownDelayInitiatedEvent event) throws InterruptedException {
        stop();
    }

    void onStop(@Observes @Priority(LAST) ShutdownEvent event) throws InterruptedException {
        stop();
    }

    /** Ends the streams after their queued events, but does not wait for slow clients. */
    private void stop() throws InterruptedException {
        List<EventStream> ending;
        synchronized (this) {
            isStopping = true;
            ending = List.copyOf(open);
        }
        ending.forEach(EventStream::end);
        long endNs = System.nanoTime() + LAST_WORDS.toNanos();
        for (EventStream stream : ending) {
            stream.awaitEnd(Duration.ofNanos(Math.max(0, endNs - System.nanoTime())));
        }
    }
}
