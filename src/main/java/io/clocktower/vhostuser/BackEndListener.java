package io.clocktower.vhostuser;

/** Receives what happens to a back-end. Every call comes on its thread. */
public interface BackEndListener {

    /** What the front-end sent is about to be read: what it has set up may change. */
    default void onReading() {}

    /** A message was rejected. It changed nothing. */
    void onProtocolError(String message);

    /** The driver broke the rules of a ring, which is out of use until it is stopped or reset. */
    void onRingBroken(int index, String reason);

    /** The device's state was saved for a migration, or loaded after one. */
    void onTransferred(boolean isLoaded);

    /** The connection is closed, and everything that the front-end sent is released. */
    void onClosed();
}
