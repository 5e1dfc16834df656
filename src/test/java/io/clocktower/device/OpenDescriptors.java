package io.clocktower.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** This process's descriptors. */
public final class OpenDescriptors {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    private static final long QUIET_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private OpenDescriptors() {}

    /** How many are open, once that has stayed the same for a while: an earlier test's may still be closing. */
    public static long settled() throws IOException {
        long endNs = System.nanoTime() + PATIENCE_NS;
        long settled = count();
        long sinceNs = System.nanoTime();
        while (System.nanoTime() - sinceNs < QUIET_NS) {
            assertTrue(System.nanoTime() < endNs, "descriptors are still being opened and closed");
            long count = count();
            if (count != settled) {
                settled = count;
                sinceNs = System.nanoTime();
            }
        }
        return settled;
    }

    /** Waits until no more than these are open: some are closed by another thread than the one that answers. */
    public static void await(long expected) throws IOException {
        long endNs = System.nanoTime() + PATIENCE_NS;
        for (long count = count(); count > expected; count = count()) {
            assertTrue(System.nanoTime() < endNs,
                    "%d descriptors are open, expected at most %d".formatted(count, expected));
            Thread.onSpinWait();
        }
    }

    private static long count() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
