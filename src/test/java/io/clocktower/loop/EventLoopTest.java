package io.clocktower.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {

    private static final long PATIENCE_S = 10;

    private final EventLoop loop = new EventLoop(7);

    @AfterEach
    void stop() {
        loop.close();
    }

    private static <T> T await(CompletableFuture<T> answer) throws Exception {
        return answer.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    /** Keeps the loop in one turn until the latch is counted down. */
    private CountDownLatch hold() throws Exception {
        var isHeld = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        loop.execute(() -> {
            isHeld.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        isHeld.await();
        return release;
    }

    @Test
    void commandsThatPiledUpLeaveTurnsToDevices() throws Exception {
        int commands = 500;
        var done = new AtomicInteger();
        var doneBefore = new CompletableFuture<Integer>();
        try (EventFd device = EventFd.create()) {
            await(loop.submit(() -> loop.reactor().watch(device.number(), Epoll.EPOLLIN | Epoll.EPOLLET,
                    _ -> doneBefore.complete(done.get()))));
            CountDownLatch release = hold();
            CompletableFuture<?> last = null;
            for (int i = 0; i < commands; i++) {
                last = loop.submit(() -> {
                    long endNs = System.nanoTime() + 1_000_000;
                    while (System.nanoTime() < endNs) {
                        Thread.onSpinWait();
                    }
                    return done.incrementAndGet();
                });
            }
            device.signal();
            release.countDown();
            int before = await(doneBefore);
            assertTrue(before < commands / 10, () -> before + " commands went before the device");
            await(last);
            assertEquals(commands, done.get(), "all were run");
            assertEquals(0, loop.waitingCommands());
        }
    }

    @Test
    void aCommandThatFailsIsAnsweredSoAndTheLoopGoesOn() throws Exception {
        var answer = loop.submit(() -> {
            throw new OutOfMemoryError("of a test");
        });
        assertTrue(answer.handle((_, failure) -> failure instanceof OutOfMemoryError).get());
        loop.execute(() -> {
            throw new OutOfMemoryError("of a test");
        });
        assertEquals(1, await(loop.submit(() -> 1)));
    }

    /** The log's handlers are others' code, and may lack memory as well. */
    @Test
    void logHandlersThatThrowEndNeitherTheLoopNorItsOutbox() throws Exception {
        Logger logger = Logger.getLogger(EventLoop.class.getName());
        var isCalled = new CountDownLatch(1);
        Handler throwing = new Handler() {

            @Override
            public void publish(LogRecord line) {
                isCalled.countDown();
                throw new OutOfMemoryError("of a test");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(throwing);
        try {
            loop.execute(() -> {
                throw new IllegalStateException("of a test");
            });
            assertTrue(isCalled.await(PATIENCE_S, TimeUnit.SECONDS));
            assertEquals(1, await(loop.submit(() -> 1)));
            var isDone = new CompletableFuture<Integer>();
            loop.outbox().execute(() -> isDone.complete(2));
            assertEquals(2, await(isDone));
        } finally {
            logger.removeHandler(throwing);
        }
    }

    @Test
    void whatWaitsInTheOutboxKeepsNobodyWaitingButItself() throws Exception {
        var release = new CountDownLatch(1);
        loop.outbox().execute(() -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var done = new AtomicInteger();
        boolean isDropped = await(loop.submit(() -> {
            boolean isTaken = true;
            for (int i = 0; i < 2 * Outbox.CAPACITY && isTaken; i++) {
                isTaken = loop.outbox().offer(done::incrementAndGet);
            }
            return !isTaken;
        }));
        assertTrue(isDropped, "it does not grow for ever");
        release.countDown();
        var isDone = new CompletableFuture<Integer>();
        loop.outbox().execute(() -> isDone.complete(done.get()));
        assertTrue(await(isDone) >= Outbox.CAPACITY - 1);
    }

    @Test
    void aLoopIsBusyWhileItDoesNotComeToAnEndOfItsTurn() throws Exception {
        CountDownLatch release = hold();
        Duration before = loop.busyFor();
        assertTrue(before.isPositive());
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (loop.busyFor().compareTo(before) <= 0) {
            assertTrue(System.nanoTime() < endNs, "it is not measured");
        }
        release.countDown();
        while (!loop.busyFor().isZero()) {
            assertTrue(System.nanoTime() < endNs, "it stays busy");
        }
    }

    @Test
    void aLoopThatHasEndedIsBusyForEver() {
        loop.close();
        assertTrue(loop.busyFor().compareTo(Duration.ofDays(36_500)) > 0);
    }
}
