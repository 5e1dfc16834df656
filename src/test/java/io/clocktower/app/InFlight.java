package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;

import io.clocktower.frontend.Guest;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A driver that keeps a changing number of requests in flight, on a thread of its own. Each is used once, in the order of the
 * requests, with a response; the driver itself finds a buffer that is used twice.
 */
final class InFlight implements AutoCloseable {

    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final int RESPONSE_BYTES = 16;
    private static final int SLOTS = 8;
    private static final byte UNTOUCHED = (byte) 0xee;
    private static final long PATIENCE_NS = TimeUnit.MINUTES.toNanos(1);

    private record Asked(int id, long response) {}

    private final Guest guest;
    private final RingDriver ring;
    private final long[] requests = new long[SLOTS];
    private final long[] responses = new long[SLOTS];
    private final Deque<Asked> asked = new ArrayDeque<>();
    private final Random random;
    private final Thread thread;
    private long sent;
    private volatile long answered;
    private volatile boolean isStopped;
    private volatile Throwable failure;

    InFlight(Guest guest, long seed) {
        this.guest = guest;
        ring = guest.ring();
        random = new Random(seed);
        for (int i = 0; i < SLOTS; i++) {
            requests[i] = guest.memory().allocate(REQUEST.length, 16);
            responses[i] = guest.memory().allocate(RESPONSE_BYTES, 16);
            guest.memory().write(requests[i], REQUEST);
        }
        thread = Thread.ofPlatform().name("driver").start(this::run);
    }

    private void run() {
        try {
            while (!isStopped) {
                int wanted = 1 + random.nextInt(SLOTS - asked.size() + 1);
                for (int i = 0; i < wanted && asked.size() < SLOTS; i++) {
                    ask();
                }
                take();
                // Those that are left are in flight while the next ones are made.
                for (int i = random.nextInt(SLOTS); i > 0 && !asked.isEmpty() && ring.hasUsed(); i--) {
                    take();
                }
            }
            while (!asked.isEmpty()) {
                take();
            }
            if (ring.hasUsed()) {
                throw new AssertionError("a buffer is used that was used before");
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    private void ask() {
        int slot = (int) (sent++ % SLOTS);
        byte[] untouched = new byte[RESPONSE_BYTES];
        Arrays.fill(untouched, UNTOUCHED);
        guest.memory().write(responses[slot], untouched);
        int id = ring.chain(List.of(Piece.readable(requests[slot], REQUEST.length),
                Piece.writable(responses[slot], RESPONSE_BYTES)));
        ring.publish(id);
        asked.add(new Asked(id, responses[slot]));
        guest.kick();
    }

    private void take() {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!ring.hasUsed()) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("a request is lost, of %d in flight, after %d".formatted(asked.size(),
                        answered));
            }
            LockSupport.parkNanos(1_000);
        }
        Asked first = asked.remove();
        Used used = ring.takeUsed();
        byte[] response = guest.memory().read(first.response(), RESPONSE_BYTES);
        if (used.id() != first.id() || used.length() != RESPONSE_BYTES || response[0] != OK) {
            throw new AssertionError("%s of %s with status %d".formatted(used, first, response[0]));
        }
        answered++;
    }

    /** Waits until so many more were answered. */
    void awaitMore(long more) {
        long end = answered + more;
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (answered < end) {
            check();
            if (System.nanoTime() > endNs) {
                throw new AssertionError("%d were answered, expected %d".formatted(answered, end));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    long answered() {
        return answered;
    }

    private void check() {
        if (failure != null) {
            throw new AssertionError("the driver failed", failure);
        }
    }

    @Override
    public void close() {
        isStopped = true;
        while (thread.isAlive()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        check();
    }
}
