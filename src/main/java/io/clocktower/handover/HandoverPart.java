package io.clocktower.handover;

import java.io.IOException;

/** Something beside the devices that a successor takes over. */
public interface HandoverPart {

    /** By which the successor knows it. */
    String name();

    /**
     * Changes no device and loses nothing that it hears of from now on, and waits for what is on its way. The predecessor's
     * devices are not paused yet, and the successor has none.
     */
    void freeze();

    /** What the successor goes on from, in JSON. The devices are paused, and what they reported has been heard. */
    byte[] state();

    /** The hand-over failed: goes on after {@link #freeze}. */
    void thaw();

    /**
     * Takes what a predecessor's part answered, after {@link #freeze}. The devices run already.
     *
     * @throws IOException if it cannot be understood
     */
    void resume(byte[] frozen) throws IOException;

    /** Goes on in the successor. */
    void proceed();
}
