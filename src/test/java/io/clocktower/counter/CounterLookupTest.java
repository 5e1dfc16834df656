package io.clocktower.counter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.CounterMapping;
import io.clocktower.counter.CounterSource.Found;
import io.clocktower.linux.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CounterLookupTest {

    private static final long PID = 4711;

    private final Queue<Runnable> outbox = new ArrayDeque<>();
    private final List<Found> found = new ArrayList<>();
    private long nowNs;
    private long suspendedNs;
    private long offset = -5;
    private int questions;
    private int answers;
    private final Reactor reactor = new Reactor(() -> nowNs, failure -> {
        throw new AssertionError(failure);
    });
    private final CounterLookup lookup = new CounterLookup(this::ofKvm, () -> suspendedNs, reactor, outbox::add,
            Runnable::run, found::add, () -> answers++);

    @AfterEach
    void close() {
        reactor.close();
    }

    private Found ofKvm(long pid) {
        assertEquals(PID, pid);
        questions++;
        return new Found(Optional.of(CounterMapping.unscaled(offset)), "KVM's debugfs");
    }

    private Optional<CounterMapping> mapping() {
        return lookup.found().mapping();
    }

    @Test
    void requestsWaitWhileAnotherThreadAsksKvm() {
        lookup.start(Optional.empty(), PID);
        assertFalse(lookup.isReady());
        assertEquals(0, questions, "the loop does not ask");
        outbox.remove().run();
        assertTrue(lookup.isReady());
        assertEquals(Optional.of(CounterMapping.unscaled(-5)), mapping());
        assertEquals(1, answers);
    }

    @Test
    void requestsDoNotWaitForAHostThatHangs() {
        lookup.start(Optional.empty(), PID);
        nowNs += TimeUnit.MILLISECONDS.toNanos(100);
        reactor.putOff(() -> {});
        reactor.turn();
        assertTrue(lookup.isReady());
        assertEquals(Optional.empty(), mapping());
        assertEquals(1, answers);
        outbox.remove().run();
        assertEquals(Optional.empty(), mapping(), "CROSS_CAP has been answered without it");
    }

    /** A suspension changes the offset between the guest's counter and the host's. */
    @Test
    void afterASuspensionKvmIsAskedAgainBeforeAnythingIsAnswered() {
        lookup.start(Optional.empty(), PID);
        outbox.remove().run();
        suspendedNs += TimeUnit.SECONDS.toNanos(3);
        offset = -9;
        assertFalse(lookup.isReady());
        assertEquals(Optional.empty(), found.getLast().mapping(), "the old one is not used meanwhile");
        outbox.remove().run();
        assertTrue(lookup.isReady());
        assertEquals(Optional.of(CounterMapping.unscaled(-9)), mapping());
    }

    @Test
    void whatTheOperatorGaveIsNotAskedFor() {
        lookup.start(Optional.of(CounterMapping.unscaled(3)), PID);
        assertTrue(lookup.isReady());
        assertEquals(Optional.of(CounterMapping.unscaled(3)), mapping());
        suspendedNs += TimeUnit.SECONDS.toNanos(3);
        assertTrue(lookup.isReady());
        assertTrue(outbox.isEmpty());
    }

    @Test
    void driversThatAreSetUpInARowLeaveOneQuestionWaiting() {
        for (int i = 0; i < 1000; i++) {
            lookup.start(Optional.empty(), PID);
            lookup.stop();
        }
        lookup.start(Optional.empty(), PID);
        assertEquals(1, outbox.size());
        outbox.remove().run();
        assertFalse(lookup.isReady(), "that was the first driver's");
        outbox.remove().run();
        assertTrue(lookup.isReady());
        assertEquals(2, questions);
    }
}
