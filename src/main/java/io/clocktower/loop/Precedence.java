package io.clocktower.loop;

import io.clocktower.linux.ThreadShares;
import io.clocktower.linux.ThreadShares.Share;
import java.util.List;

/**
 * Who goes first while all processors are busy. The loops do, with the threads of the JVM that can stop them. All others,
 * which run REST and metrics, have a third of a share, and so always go on.
 */
public final class Precedence {

    /**
     * Those of the loops with their outboxes, of HotSpot, and the one that guests wait for in a hand-over, by how they begin. A native image gives the kernel the last 15 characters of a name:
     * its own thread is "VMOperationThread", and the one that gives memory back is a loop's too.
     */
    private static final List<String> FULL = List.of(EventLoop.NAME, Outbox.NAME, "VM ", "GC ", "G1 ",
            "OperationThread",
            "loop-disposal-", "oop-disposal-", "op-disposal-", "handover");

    private Precedence() {}

    /** Has all threads of this process, and those that they start, give way as described. */
    public static void give() {
        ThreadShares.set(Precedence::of);
    }

    static Share of(String thread) {
        return FULL.stream().anyMatch(thread::startsWith) ? Share.FULL : Share.LOW;
    }
}
