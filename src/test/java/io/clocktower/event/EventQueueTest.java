package io.clocktower.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.event.EventQueue.Next;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A reader that is slow misses the oldest, and is told. */
class EventQueueTest {

    private final EventQueue queue = new EventQueue(2, event -> !event.device().equals("unwanted"));

    private static DeviceEvent event(long id, String device) {
        return new DeviceEvent(id, Instant.EPOCH, DeviceEvent.Type.CONNECTED, device, Optional.empty(),
                Optional.empty(), DeviceEvent.Change.NONE, Map.of(), "");
    }

    private Optional<Next> poll() throws InterruptedException {
        return queue.poll(Duration.ZERO);
    }

    @Test
    void whatIsWantedIsReadInOrder() throws Exception {
        queue.accept(event(1, "vm0"));
        queue.accept(event(2, "unwanted"));
        queue.accept(event(3, "vm0"));

        assertEquals(2, queue.size());
        assertEquals(Optional.of(new Next(event(1, "vm0"), 0)), poll());
        assertEquals(Optional.of(new Next(event(3, "vm0"), 0)), poll());
        assertEquals(Optional.empty(), poll());
    }

    @Test
    void theOldestArePushedOutAndTold() throws Exception {
        for (int id = 1; id <= 5; id++) {
            queue.accept(event(id, "vm0"));
        }

        assertEquals(2, queue.size());
        assertEquals(Optional.of(new Next(event(4, "vm0"), 3)), poll());
        assertEquals(Optional.of(new Next(event(5, "vm0"), 0)), poll());
        assertEquals(3, queue.missedInAll());
    }

    @Test
    void whatIsThereWhenItIsClosedIsStillRead() throws Exception {
        queue.accept(event(1, "vm0"));
        queue.close();
        queue.accept(event(2, "vm0"));

        assertFalse(queue.isEnded());
        assertEquals(Optional.of(new Next(event(1, "vm0"), 0)), queue.poll(EventQueue.WITHOUT_END));
        assertTrue(queue.isEnded());
        assertEquals(Optional.empty(), queue.poll(EventQueue.WITHOUT_END));
    }

    @Test
    void aReaderThatWaitsIsWoken() throws Exception {
        Thread writer = Thread.ofVirtual().start(() -> queue.accept(event(1, "vm0")));

        assertEquals(1, queue.poll(EventQueue.WITHOUT_END).orElseThrow().event().id());
        writer.join();
    }
}
