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
}
