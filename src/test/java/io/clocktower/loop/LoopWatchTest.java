package io.clocktower.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LoopWatchTest {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    private static void hold(CountDownLatch release) {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitLate(LoopWatch watch, long turns) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (watch.late().getLast().turns() < turns) {
            assertTrue(System.nanoTime() < endNs, "it is not seen");
            Thread.onSpinWait();
        }
    }

    @Test
    void aLateTurnIsCountedOnceWithWhatTheLoopWasDoing() throws Exception {
        try (var other = new EventLoop(0);
                var loop = new EventLoop(1);
                var watch = new LoopWatch(List.of(other, loop))) {
            for (int turn = 1; turn <= 2; turn++) {
                var release = new CountDownLatch(1);
                loop.execute(() -> hold(release));
                awaitLate(watch, turn);
                release.countDown();
                loop.submit(() -> null).get();
                assertEquals(turn, watch.late().getLast().turns());
            }
            String last = watch.late().getLast().last();
            assertTrue(last.contains("LoopWatchTest.hold:"), last);
            assertEquals(new LoopWatch.Late(0, ""), watch.late().getFirst());
        }
    }
}
