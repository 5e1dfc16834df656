package io.clocktower.device;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Hands what happens to the devices to whoever asks for it. Thread-safe. */
public final class DeviceEvents {

    /** Somebody's wish to be told; closed, it ends. */
    public interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    private final List<Consumer<DeviceEvent>> subscribers = new CopyOnWriteArrayList<>();

    /**
     * @param subscriber is called on the event loops' threads, among others, and must neither block nor fail
     */
    public Subscription subscribe(Consumer<DeviceEvent> subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    void publish(DeviceEvent event) {
        for (Consumer<DeviceEvent> subscriber : subscribers) {
            subscriber.accept(event);
        }
    }
}
