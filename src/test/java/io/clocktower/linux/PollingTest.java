package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollingTest {

    private static final long BOUND_NS = 100_000;
    /** What each reading of the clock takes. */
    private static final long STEP_NS = 100;
    /** Between requests, until the window is open. */
    private static final long GAP_NS = 40_000;

    private final List<String> heard = new ArrayList<>();
    private long nowNs;
    private boolean isWarm;
    private final Reactor reactor = new Reactor(() -> nowNs += STEP_NS,
            failure -> heard.add("failed: " + failure.getMessage()));

    @AfterEach
    void close() {
        reactor.close();
    }

    /** Has work as long as it is told to. */
    private final class Ring implements Polled {

        private final String name;
        private int work;
        private int runs;
        private boolean isGone;
        /** Whether its error is only thrown by what runs next. */
        private boolean isErrorLate;
        private int readings;
        private final List<Long> read = new ArrayList<>();

        private Ring(String name) {
            this.name = name;
        }

        @Override
        public boolean isReady() {
            if (isGone && !isErrorLate) {
                throw new InternalError("memory");
            }
            return isGone || work > 0;
        }

        @Override
        public void run() {
            runs++;
            for (int i = 0; i < readings; i++) {
                read.add(reactor.readClock());
            }
            if (isErrorLate) {
                isErrorLate = false;
                throw new InternalError("memory");
            }
            if (isGone) {
                isGone = false;
                reactor.unpoll(this);
                throw new IllegalStateException(name + " is gone");
            }
            work--;
            assertTrue(reactor.poll(this, BOUND_NS));
        }

        @Override
        public void onUnpolled() {
            heard.add(name + " sleeps");
        }
    }

    private Ring polled(String name) {
        var ring = new Ring(name);
        warmUp(ring);
        return ring;
    }

    /** Requests follow one another until the window is open. */
    private void warmUp(Ring ring) {
        for (int i = 0; i < 10 && !isWarm; i++) {
            nowNs += GAP_NS;
            turnWithoutWait();
            reactor.poll(ring, BOUND_NS);
            reactor.unpoll(ring);
        }
        isWarm = true;
        assertTrue(reactor.poll(ring, BOUND_NS));
    }

    private void turnWithoutWait() {
        reactor.putOff(() -> {});
        reactor.turn();
    }

    @Test
    void whatIsReadyIsRunWithoutAnEvent() {
        Ring ring = polled("one");
        ring.work = 3;
        for (int i = 0; i < 100 && ring.runs < 3; i++) {
            reactor.turn();
        }
        assertEquals(3, ring.runs);
        assertEquals(List.of(), heard);
    }

    @Test
    void afterItsWindowItIsToldToAskForEvents() {
        polled("one");
        for (int i = 0; i < 1000 && heard.isEmpty(); i++) {
            turnWithoutWait();
        }
        assertEquals(List.of("one sleeps"), heard);
        turnWithoutWait();
        assertEquals(1, heard.size(), "once");
    }

    @Test
    void oneThatIsDroppedIsNotLookedAtAndNotTold() {
        Ring ring = polled("one");
        ring.work = 1;
        reactor.unpoll(ring);
        for (int i = 0; i < 1000; i++) {
            turnWithoutWait();
        }
        assertEquals(0, ring.runs);
        assertEquals(List.of(), heard);
    }

    @Test
    void whatALookHasFoundIsToldTheTimeBeforeTheLookAndThenTheTimeItself() {
        Ring ring = polled("one");
        ring.work = 1;
        ring.readings = 3;
        long beforeNs = nowNs;
        turnWithoutWait();
        assertEquals(List.of(beforeNs + STEP_NS, beforeNs + 2 * STEP_NS, beforeNs + 3 * STEP_NS), ring.read);
        assertEquals(beforeNs + 4 * STEP_NS, nowNs, "and the loop goes on with the last of these until its next turn");
        reactor.putOff(() -> heard.add(nowNs + STEP_NS == reactor.readClock() ? "read" : "remembered"));
        reactor.unpoll(ring);
        reactor.turn();
        assertEquals(List.of("read"), heard);
    }

    /** A guest keeps its ring just busy enough. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void oneThatIsAlwaysReadyKeepsNothingElseFromItsTurn(int readings) {
        Ring busy = polled("busy");
        busy.readings = readings;
        busy.work = Integer.MAX_VALUE;
        reactor.deadline(() -> heard.add("deadline")).setAfter(1);
        try (EventFd event = EventFd.create()) {
            reactor.watch(event.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> heard.add("event"));
            event.signal();
            reactor.turn();
        }
        assertEquals(List.of("event", "deadline"), heard);
        assertTrue(busy.runs <= 100, busy.runs + " runs in one turn");
    }

    /** More guests read in turn than are looked at: their events are what is waited for. */
    @Test
    void afterAnEventTheNextOneIsAskedForSoon() {
        Ring ring = polled("one");
        long beforeNs = turnNs();
        try (EventFd event = EventFd.create()) {
            reactor.watch(event.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> heard.add("event"));
            event.signal();
            reactor.turn();
            assertEquals(List.of("event"), heard);
            assertTrue(turnNs() * 5 < beforeNs);
            for (int i = 0; i < 100; i++) {
                reactor.poll(ring, BOUND_NS);
                reactor.turn();
            }
            assertEquals(beforeNs, turnNs(), "where no other comes");
        }
    }

    private long turnNs() {
        long fromNs = nowNs;
        reactor.turn();
        return nowNs - fromNs;
    }

    @Test
    void allThatAreReadyHaveTheirTurns() {
        Ring busy = polled("busy");
        Ring other = polled("other");
        busy.work = Integer.MAX_VALUE;
        other.work = Integer.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            reactor.turn();
        }
        assertEquals(1, (double) busy.runs / other.runs, 0.3, busy.runs + " and " + other.runs);
    }

    @Test
    void otherWorkWaitsForOneLookOnly() {
        Ring busy = polled("busy");
        busy.work = Integer.MAX_VALUE;
        reactor.putOff(() -> heard.add("work after " + busy.runs));
        reactor.turn();
        assertEquals(List.of("work after 1"), heard);
    }

    @Test
    void ofTooManyTheOldestIsLookedAtNoMore() {
        for (int i = 0; i < 9; i++) {
            polled("ring " + i);
        }
        assertTrue(heard.getFirst().equals("ring 0 sleeps"), heard.toString());
    }

    @Test
    void oneWhoseMemoryIsGoneIsRunToFindItOutAndIsTheOnlyOneThatFails() {
        Ring gone = polled("gone");
        Ring other = polled("other");
        gone.isGone = true;
        reactor.turn();
        assertEquals(List.of("failed: gone is gone"), heard);
        other.work = 1;
        reactor.turn();
        assertEquals(2, other.runs, "once for the error, and once for its request");
    }

    @Test
    void anErrorOfALookThatIsThrownLateIsFoundByTheRingThatItBelongsTo() {
        Ring gone = polled("gone");
        Ring other = polled("other");
        gone.isGone = true;
        gone.isErrorLate = true;
        turnWithoutWait();
        assertEquals(List.of("failed: gone is gone"), heard);
        assertEquals(1, other.runs, "it has to look for itself");
    }

    @Test
    void whereItIsNotAllowedAllAreToldToAskForEvents() {
        Ring ring = polled("one");
        reactor.allowPolling(false);
        turnWithoutWait();
        assertEquals(List.of("one sleeps"), heard);
        assertFalse(reactor.poll(ring, BOUND_NS));
    }
}
