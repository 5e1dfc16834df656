package io.clocktower.device;

import io.clocktower.clock.HostClock;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Numbers what happens to the devices, hands it to whoever asks for it, and keeps the last of it for those who come back.
 * What guests cause is kept apart, so that none of them can push out what operators did. Thread-safe.
 */
public final class DeviceEvents {

    /** How many events of guests are kept, and how many others. */
    static final int KEPT = 1_000;

    private final List<Consumer<DeviceEvent>> subscribers = new CopyOnWriteArrayList<>();
    private final Deque<DeviceEvent> kept = new ArrayDeque<>(KEPT);
    private final Deque<DeviceEvent> keptOfGuests = new ArrayDeque<>(KEPT);
    private final long startId;
    private long lastId;

    /** Somebody's wish to be told; closed, it ends. */
    public interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * A subscription of somebody who was there before.
     *
     * @param events what happened meanwhile, as far as it is still known
     * @param missed how many events are not known any more; nothing if there may be any number of them
     */
    public record Resumed(Subscription subscription, List<DeviceEvent> events, OptionalLong missed) {}

    /** The numbers begin with the time in microseconds, so that those of a service that starts anew go on rising. */
    DeviceEvents(HostClock host) {
        startId = TimeUnit.NANOSECONDS.toMicros(host.realtimeNs());
        lastId = startId;
    }

    /**
     * @param subscriber is called on the event loops' threads, among others, and must neither block nor fail
     */
    public Subscription subscribe(Consumer<DeviceEvent> subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    /**
     * The same, with what happened since an event.
     *
     * @param afterId that event's id
     */
    public Resumed subscribe(Consumer<DeviceEvent> subscriber, long afterId) {
        List<DeviceEvent> all;
        long last;
        Subscription subscription;
        synchronized (this) {
            all = Stream.concat(kept.stream(), keptOfGuests.stream()).toList();
            last = lastId;
            subscription = subscribe(subscriber);
        }
        boolean isOfThisRun = afterId >= startId && afterId <= last;
        List<DeviceEvent> since = all.stream().filter(event -> !isOfThisRun || event.id() > afterId)
                .sorted(Comparator.comparingLong(DeviceEvent::id)).toList();
        return new Resumed(subscription, since,
                isOfThisRun ? OptionalLong.of(last - afterId - since.size()) : OptionalLong.empty());
    }

    /** Whether anybody is told of what is published now. */
    boolean isHeard() {
        return !subscribers.isEmpty();
    }

    /** An event that was not worth its making, as nobody is told: it has a number, and is missed by those who come back. */
    synchronized void publishUnheard() {
        lastId++;
    }

    /** One at a time, so that everybody is told in the order of the numbers. */
    synchronized void publish(DeviceEvent event) {
        DeviceEvent numbered = event.numbered(++lastId);
        Deque<DeviceEvent> keep = event.type().isGuests() ? keptOfGuests : kept;
        if (keep.size() == KEPT) {
            keep.removeFirst();
        }
        keep.addLast(numbered);
        for (Consumer<DeviceEvent> subscriber : subscribers) {
            subscriber.accept(numbered);
        }
    }
}
