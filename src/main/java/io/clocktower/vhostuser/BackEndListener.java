package io.clocktower.vhostuser;

/** What a back-end tells of. Every call comes on its thread. */
public interface BackEndListener {

    /** A message was refused; it changed nothing. */
    void onProtocolError(String message);

    /** A ring is out of use until it is set up anew. */
    void onRingBroken(int index, String reason);

    /** The connection is closed and all that the front-end sent is given back. */
    void onClosed();
}
