package io.clocktower.memory;

import io.clocktower.linux.Descriptor;

/** The descriptors of files that the regions of a device keep, out of those of the process. Thread-safe. */
public interface RegionFiles {

    /** Takes one, for a device that keeps {@code kept}, and answers whether there was one. */
    boolean take(int kept);

    /** Gives one back. */
    void giveBack();

    /** Closes a descriptor of a file that is not memory, which can take long. */
    void close(Descriptor foreign, Runnable onClosed);
}
