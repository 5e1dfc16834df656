package io.clocktower.vhostuser;

import io.clocktower.linux.Mmap;
import io.clocktower.virtqueue.PackedProgress;
import java.util.OptionalInt;

/** Finds how far a ring came whose process was killed. */
final class RingRecovery {

    private RingRecovery() {}

    /** The ring with its base, or broken if that cannot be found; the same if it has one, or needs none. */
    static FrontEndState.Ring of(int index, FrontEndState.Ring kept, Session session) {
        boolean isKnown = kept.base().isPresent() && (kept.isOpen() || !isOpen(index, session));
        if (isKnown || kept.kick() == null || kept.addresses().isEmpty() || kept.isBroken()) {
            return kept;
        }
        return kept.recovered(base(index, kept, session), isOpen(index, session));
    }

    /** Whether the process opened a packed ring, maybe after its state was kept. */
    private static boolean isOpen(int index, Session session) {
        return session.progress(index).filter(PackedProgress::isOpen).isPresent();
    }

    private static OptionalInt base(int index, FrontEndState.Ring ring, Session session) {
        try {
            if (isOpen(index, session)) {
                long size = session.ringFormat().descriptorAreaBytes(ring.size());
                var descriptors = session.memory().atUserAddress(ring.addresses().get().descriptorArea(), size);
                OptionalInt base = descriptors.isPresent()
                        ? PackedProgress.base(session.progress(index).get(), descriptors.get())
                        : OptionalInt.empty();
                Mmap.settle();
                return base;
            }
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
