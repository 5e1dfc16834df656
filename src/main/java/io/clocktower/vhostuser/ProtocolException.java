package io.clocktower.vhostuser;

/** A message that a front-end should not have sent. It changed nothing. */
public final class ProtocolException extends Exception {

    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }
}
