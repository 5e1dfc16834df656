package io.clocktower.handover;

import java.io.IOException;

/** Something beside the devices that a successor takes over. */
public interface HandoverPart {

    /** By which the successor knows it. */
    String name();

    /** Changes no device from now on, and waits for changes that are on their way. The devices are not paused yet. */
    void freeze();

    /** What the successor goes on from, in JSON. The devices are paused, and what they reported has been heard. */
    byte[] state();

    /** The hand-over failed: goes on after {@link #freeze}. */
    void thaw();

    /**
     * Takes what a predecessor's part answered. The devices do not run yet.
     *
     * @throws IOException if it cannot be understood
     */
    void resume(byte[] frozen) throws IOException;

    /** The devices run. */
    void proceed();
}
