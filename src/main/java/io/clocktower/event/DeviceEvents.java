package io.clocktower.event;

import io.clocktower.clock.HostClock;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Numbers events, hands them to subscribers, and keeps the last of them for subscribers that come back.
 * What guests cause is kept apart, so that none of them can push out what operators did. Thread-safe.
 */
public final class DeviceEvents {

    /** How many events of guests are kept, and how many others. */
    static final int KEPT = 1_000;

    private final List<Consumer<DeviceEvent>> subscribers = new CopyOnWriteArrayList<>();
    private final Deque<DeviceEvent> kept = new ArrayDeque<>(KEPT);
    private final Deque<DeviceEvent> keptOfGuests = new ArrayDeque<>(KEPT);
    private volatile long startId;
    private final AtomicLong unheard = new AtomicLong();
    private long lastId;

    /** A subscription, which ends when it is closed. */
    public interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * A subscription of a subscriber that comes back.
     *
     * @param events what happened since, as far as it is still known
     * @param missed how many events are not known any more; nothing if there may be any number of them
     */
    public record Resumed(Subscription subscription, List<DeviceEvent> events, OptionalLong missed) {}

    /** The numbers begin with the time in microseconds, so that they keep rising when the service restarts. */
    public DeviceEvents(HostClock host) {
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
            last = lastId();
            subscription = subscribe(subscriber);
        }
        boolean isOfThisRun = afterId >= startId && afterId <= last;
        List<DeviceEvent> since = all.stream().filter(event -> !isOfThisRun || event.id() > afterId)
                .sorted(Comparator.comparingLong(DeviceEvent::id)).toList();
        return new Resumed(subscription, since,
                isOfThisRun ? OptionalLong.of(last - afterId - since.size()) : OptionalLong.empty());
    }

    /**
     * What a successor of this process goes on from.
     *
     * @param startId where the numbers began
     * @param lastId the number of the last event, a heard one or not
     * @param events those that are kept, in the order of their numbers
     */
    public record Kept(long startId, long lastId, List<DeviceEvent> events) {}

    public synchronized Kept kept() {
        return new Kept(startId, lastId(), known());
    }

    /** Goes on from the events of a predecessor; its subscribers were not ours. */
    public synchronized void restore(Kept before) {
        startId = before.startId();
        lastId = before.lastId();
        before.events().forEach(this::keep);
    }

    /** What is still known of what happened, in the order of the numbers. */
    public synchronized List<DeviceEvent> known() {
        return Stream.concat(kept.stream(), keptOfGuests.stream())
                .sorted(Comparator.comparingLong(DeviceEvent::id)).toList();
    }

    /** Whether there are subscribers. */
    public boolean isHeard() {
        return !subscribers.isEmpty();
    }

    /** Counts an event that was not made for want of subscribers: it has a number, and is missed. Never waits. */
    public void publishUnheard() {
        unheard.incrementAndGet();
    }

    /** The number of the last event that was published or went unheard. */
    private long lastId() {
        lastId += unheard.getAndSet(0);
        return lastId;
    }

    private void keep(DeviceEvent event) {
        Deque<DeviceEvent> keep = event.type().isGuests() ? keptOfGuests : kept;
        if (keep.size() == KEPT) {
            keep.removeFirst();
        }
        keep.addLast(event);
    }

    /**
     * Publishes an event, one at a time, so that all subscribers see the order of the numbers. It may wait, so it is not for
     * an event loop.
     */
    public synchronized void publish(DeviceEvent event) {
        lastId = lastId() + 1;
        DeviceEvent numbered = event.numbered(lastId);
        keep(numbered);
        for (Consumer<DeviceEvent> subscriber : subscribers) {
            subscriber.accept(numbered);
        }
    }
}
