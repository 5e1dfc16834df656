package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Signals to an eventfd whose other owner does what it likes with it. */
class EventSignalsTest {

    private static final long FULL = -2L;
    private static final int SIGNALS = 200_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void eachSignalAddsOneToTheCount() {
        try (var signals = EventSignals.open();
                var file = Libc.eventFd();
                var eventFd = EventFd.adopt(file, signals)) {
            for (int i = 0; i < 10_000; i++) {
                eventFd.signal();
            }
            assertEquals(10_000, Libc.readCount(file));
            eventFd.signal();
            assertEquals(1, Libc.readCount(file));
        }
    }

    @Test
    void aSignalToABlockingEventFdWithAFullCountReturns() {
        try (var signals = EventSignals.open();
                var file = Libc.eventFd();
                var eventFd = EventFd.adopt(file, signals)) {
            assertEquals(Optional.empty(), signals.limitation());
            Libc.makeBlocking(file);
            Libc.addCount(file, FULL);
            assertTimeoutPreemptively(PATIENCE, () -> {
                for (int i = 0; i < 1000; i++) {
                    eventFd.signal();
                }
            });
            assertTrue(Long.compareUnsigned(Libc.readCount(file), FULL) >= 0);
        }
    }

    /** The attack: O_NONBLOCK cleared, and the count emptied and filled, all the while. A write blocks within seconds. */
    @Test
    void noSignalBlocksWhileTheOtherOwnerClearsNonBlockAndFillsTheCount() throws Exception {
        try (var signals = EventSignals.open();
                var file = Libc.eventFd();
                var eventFd = EventFd.adopt(file, signals)) {
            var isOver = new AtomicBoolean();
            Thread attacker = Thread.ofPlatform().daemon().start(() -> {
                while (!isOver.get()) {
                    Libc.makeNonBlocking(file);
                    Libc.readCount(file);
                    Libc.tryAddCount(file, FULL);
                    Libc.makeBlocking(file);
                }
            });
            assertTimeoutPreemptively(PATIENCE, () -> {
                for (int i = 0; i < SIGNALS; i++) {
                    eventFd.signal();
                }
            });
            isOver.set(true);
            attacker.join();
        }
    }

    @Test
    void withoutAioASignalStillReachesAnEventFdWithRoom() {
        try (var signals = EventSignals.withoutAio();
                var file = Libc.eventFd();
                var eventFd = EventFd.adopt(file, signals)) {
            assertTrue(signals.limitation().isPresent());
            eventFd.signal();
            assertEquals(1, Libc.readCount(file));
            Libc.addCount(file, FULL);
            assertTimeoutPreemptively(PATIENCE, eventFd::signal);
        }
    }

    @Test
    void aContextThatIsClosedIsGivenBack() throws IOException {
        long before = aioEvents();
        for (int i = 0; i < 100; i++) {
            EventSignals.open().close();
        }
        assertTrue(aioEvents() < before + 50, "contexts are left open");
    }

    private static long aioEvents() throws IOException {
        try (var file = Files.newInputStream(Path.of("/proc/sys/fs/aio-nr"))) {
            byte[] text = new byte[32];
            return Long.parseLong(new String(text, 0, file.read(text)).strip());
        }
    }
}
