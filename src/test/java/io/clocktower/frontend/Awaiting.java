package io.clocktower.frontend;

import io.clocktower.frontend.SplitDriver.Used;
import io.clocktower.linux.Descriptor;

/** What a driver waits for, with an end to its patience. */
final class Awaiting {

    private static final int TIMEOUT_MS = 60_000;

    private Awaiting() {}

    /** The next used buffer, which must come, of a ring that tells of it by {@code call}. */
    static Used used(RingDriver ring, Descriptor call) {
        long endNs = System.nanoTime() + TIMEOUT_MS * 1_000_000L;
        while (!ring.hasUsed()) {
            int leftMs = (int) ((endNs - System.nanoTime()) / 1_000_000);
            if (leftMs <= 0 || !Libc.awaitReadable(call, leftMs)) {
                throw new AssertionError("the device did not use the buffer");
            }
            Libc.readCount(call);
        }
        return ring.takeUsed();
    }

    /** That the device says by {@code err} that the ring is broken. */
    static void broken(Descriptor err) {
        if (!Libc.awaitReadable(err, TIMEOUT_MS)) {
            throw new AssertionError("the ring is not broken");
        }
        Libc.readCount(err);
    }
}
