package io.clocktower.event;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Events for one reader, who may be slow: new ones push out the oldest, which are counted. Thread-safe; no writer waits for
 * the reader.
 */
public final class EventQueue implements Consumer<DeviceEvent> {

    /** As long as there is anything to wait for. */
    public static final Duration WITHOUT_END = Duration.ofNanos(Long.MAX_VALUE);

    private final int capacity;
    private final Predicate<DeviceEvent> isWanted;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition isChanged = lock.newCondition();
    private final Deque<DeviceEvent> events = new ArrayDeque<>();
    private long missed;
    private long missedInAll;
    private boolean isClosed;

    /**
     * The next event.
     *
     * @param missed how many were pushed out since the one before
     */
    public record Next(DeviceEvent event, long missed) {}

    /**
     * @param isWanted which events are; it must neither block nor fail
     */
    public EventQueue(int capacity, Predicate<DeviceEvent> isWanted) {
        this.capacity = capacity;
        this.isWanted = isWanted;
    }

    @Override
    public void accept(DeviceEvent event) {
        if (!isWanted.test(event)) {
            return;
        }
        lock.lock();
        try {
            if (isClosed) {
                return;
            }
            if (events.size() == capacity) {
                events.removeFirst();
                missed++;
                missedInAll++;
            }
            events.addLast(event);
            isChanged.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next event so long; nothing if none came, or none will come any more. */
    public Optional<Next> poll(Duration patience) throws InterruptedException {
        long leftNs = patience.toNanos();
        lock.lockInterruptibly();
        try {
            while (events.isEmpty() && !isClosed && leftNs > 0) {
                leftNs = isChanged.awaitNanos(leftNs);
            }
            if (events.isEmpty()) {
                return Optional.empty();
            }
            var next = new Next(events.removeFirst(), missed);
            missed = 0;
            return Optional.of(next);
        } finally {
            lock.unlock();
        }
    }

    /** The events that wait, and how many were pushed out in all. They stay. */
    public Waiting waiting() {
        lock.lock();
        try {
            return new Waiting(List.copyOf(events), missedInAll);
        } finally {
            lock.unlock();
        }
    }

    public record Waiting(List<DeviceEvent> events, long missedInAll) {}

    /** Begins with what waited in the queue of a predecessor, before whatever has come here. */
    public void restore(Waiting before) {
        lock.lock();
        try {
            before.events().reversed().forEach(events::addFirst);
            while (events.size() > capacity) {
                events.removeFirst();
                missed++;
                missedInAll++;
            }
            missedInAll += before.missedInAll();
            isChanged.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more events; those that are there can still be had. */
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            isChanged.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it is closed and empty. */
    public boolean isEnded() {
        lock.lock();
        try {
            return isClosed && events.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** How many events wait. */
    public int size() {
        lock.lock();
        try {
            return events.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many events were pushed out so far. */
    public long missedInAll() {
        lock.lock();
        try {
            return missedInAll;
        } finally {
            lock.unlock();
        }
    }
}
