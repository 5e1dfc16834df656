package io.clocktower.frontend;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A guest that reads its device's clock every 3 ms on a thread of its own, and measures the longest read. Tests run it
 * beside an attack on another device.
 */
public final class Bystander implements AutoCloseable {

    /** How much longer a read may take during an attack than during a control run of the same length. */
    public static final long TOLERANCE_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(3);
    private static final long SHORTEST_CONTROL_NS = TimeUnit.MILLISECONDS.toNanos(200);
    /** A busy machine can delay one run and not the other; an attack that works delays every one. */
    private static final int TRIES = 3;
    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final int RESPONSE_BYTES = 16;

    private final Guest guest;
    private final Thread thread;
    private volatile long longestNs;
    private volatile long reads;
    private volatile Throwable failure;
    private volatile boolean isStopped;

    /** What a test does to another device. */
    @FunctionalInterface
    public interface Attack {
        void run() throws Exception;
    }

    /** Connects to a device's socket and starts to read. */
    public Bystander(Path socket) throws IOException {
        guest = new Guest(socket);
        thread = Thread.ofPlatform().name("bystander").daemon().start(this::run);
    }

    /**
     * Runs an attack beside a bystander, and then the bystander alone for as long.
     *
     * @param socket of the bystander's device, which must be free
     * @throws AssertionError if the bystander waited {@link #TOLERANCE_NS} longer during the attack, in each of three
     *         tries
     */
    public static void undisturbedBy(Path socket, Attack attack) throws Exception {
        String waits = "";
        for (int i = 0; i < TRIES; i++) {
            long beganNs = System.nanoTime();
            long attackedNs = longestWaitNs(socket, attack);
            long lengthNs = Math.max(SHORTEST_CONTROL_NS, System.nanoTime() - beganNs);
            long aloneNs = longestWaitNs(socket, () -> park(System.nanoTime() + lengthNs));
            System.out.printf("bystander: longest wait %d us during the attack of %d ms, %d us without%n",
                    attackedNs / 1_000, lengthNs / 1_000_000, aloneNs / 1_000);
            if (attackedNs <= aloneNs + TOLERANCE_NS) {
                return;
            }
            waits += " %d ms (%d ms without)".formatted(attackedNs / 1_000_000, aloneNs / 1_000_000);
        }
        throw new AssertionError("the bystander waited" + waits);
    }

    private static long longestWaitNs(Path socket, Attack attack) throws Exception {
        try (var bystander = new Bystander(socket)) {
            bystander.awaitReads(3);
            attack.run();
            bystander.awaitReads(3);
            return bystander.longestNs();
        }
    }

    private static void park(long untilNs) {
        for (long leftNs = untilNs - System.nanoTime(); leftNs > 0; leftNs = untilNs - System.nanoTime()) {
            LockSupport.parkNanos(leftNs);
        }
    }

    private void run() {
        try {
            while (!isStopped) {
                long startNs = System.nanoTime();
                if (guest.request(REQUEST, RESPONSE_BYTES).status() != 0) {
                    throw new AssertionError("the bystander's request failed");
                }
                longestNs = Math.max(longestNs, System.nanoTime() - startNs);
                reads++;
                park(startNs + PERIOD_NS);
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
    }

    /** Waits until so many more reads are complete. */
    public void awaitReads(int more) {
        for (long wanted = reads + more; reads < wanted;) {
            requireAlive();
            park(System.nanoTime() + PERIOD_NS);
        }
    }

    private void requireAlive() {
        if (failure != null) {
            throw new AssertionError("the bystander was not served", failure);
        }
    }

    /** How long the longest read took so far. */
    public long longestNs() {
        requireAlive();
        return longestNs;
    }

    @Override
    public void close() throws IOException {
        isStopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        guest.close();
    }
}
