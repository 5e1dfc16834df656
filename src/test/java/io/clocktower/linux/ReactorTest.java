package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReactorTest {

    private final List<String> heard = new ArrayList<>();
    private long nowNs;
    private final Reactor reactor = new Reactor(() -> nowNs, failure -> heard.add("all: " + failure.getMessage()));

    @AfterEach
    void close() {
        reactor.close();
    }

    private static Runnable failing(String message) {
        return () -> {
            throw new OutOfMemoryError(message);
        };
    }

    @Test
    void whatAHandlerThrowsIsForItsOwnReactor() {
        Reactor device = reactor.failingTo(failure -> heard.add("device: " + failure.getMessage()));
        try (EventFd event = EventFd.create()) {
            device.watch(event.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> failing("event").run());
            event.signal();
            device.putOff(failing("put off"));
            device.deadline(failing("deadline")).setAfter(0);
            reactor.putOff(failing("put off"));
            reactor.putOff(() -> heard.add("others go on"));
            reactor.turn();
        }
        assertEquals(List.of("device: event", "device: put off", "all: put off", "others go on", "device: deadline"),
                heard);
    }

    @Test
    void aConsumerThatThrowsKeepsNoHandlerFromItsTurn() {
        Reactor device = reactor.failingTo(_ -> failing("no memory to report it").run());
        device.putOff(failing("one"));
        for (int i = 0; i < 200; i++) {
            int number = i;
            reactor.putOff(() -> heard.add("work " + number));
        }
        reactor.turn();
        assertEquals(200, heard.size());
        assertEquals("work 199", heard.getLast());
    }

    @Test
    void itIsBusyFromTheEndOfItsWait() {
        assertEquals(0, reactor.busyNs());
        reactor.putOff(() -> {
            nowNs += 5;
            heard.add("busy for " + reactor.busyNs());
        });
        reactor.turn();
        assertEquals(List.of("busy for 5"), heard);
    }

    @Test
    void slowHandlersHoldAnotherUpForNoMoreThanAFewOfThem() {
        List<EventFd> events = new ArrayList<>();
        try (EventFd prompt = EventFd.create()) {
            for (int i = 0; i < 100; i++) {
                EventFd slow = EventFd.create();
                events.add(slow);
                int number = i;
                reactor.watchSlow(slow.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> heard.add("slow " + number));
                slow.signal();
            }
            reactor.watch(prompt.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> heard.add("prompt"));
            for (int turn = 1; heard.size() < 100 + turn - 1; turn++) {
                prompt.signal();
                int before = heard.size();
                reactor.turn();
                assertEquals("prompt", heard.get(before), "what came last goes first");
                assertEquals(1 + 4, heard.size() - before, "and the others go on");
            }
            assertEquals(100, heard.stream().filter(one -> one.startsWith("slow")).distinct().count());
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void aSlowWatchThatIsClosedIsHeardOfNoMore() {
        try (EventFd event = EventFd.create()) {
            Reactor.Watch watch = reactor.watchSlow(event.number(), Epoll.EPOLLIN, _ -> heard.add("slow"));
            event.signal();
            reactor.turn();
            reactor.turn();
            assertEquals(List.of("slow", "slow"), heard, "for as long as it is ready");
            watch.close();
            reactor.putOff(() -> heard.add("put off"));
            reactor.turn();
        }
        assertEquals(List.of("slow", "slow", "put off"), heard);
    }
}
