package io.clocktower.vhostuser;

import io.clocktower.linux.Mmap;
import java.util.OptionalInt;

/** Finds how far a ring came whose process was killed. */
final class RingRecovery {

    private RingRecovery() {}

    /** The ring with its base, or broken if that cannot be found; the same if it has one, or needs none. */
    static FrontEndState.Ring of(FrontEndState.Ring kept, Session session) {
        if (kept.base().isPresent() || kept.kick() == null || kept.addresses().isEmpty() || kept.isBroken()) {
            return kept;
        }
        return kept.recovered(base(kept, session));
    }

    private static OptionalInt base(FrontEndState.Ring ring, Session session) {
        try {
            long bytes = session.ringFormat().deviceAreaBytes(ring.size(), session.features());
            var deviceArea = session.memory().atUserAddress(ring.addresses().get().deviceArea(), bytes);
            OptionalInt base = deviceArea.isPresent()
                    ? session.ringFormat().baseIn(deviceArea.get())
                    : OptionalInt.empty();
            Mmap.settle();
            return base;
        } catch (InternalError e) {
            // The front-end truncated its memory.
            return OptionalInt.empty();
        }
    }
}
