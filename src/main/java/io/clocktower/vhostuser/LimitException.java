package io.clocktower.vhostuser;

/** A front-end cannot be served, as it would pass a limit of this process; the message says which, and what to change. */
public final class LimitException extends Exception {

    private static final long serialVersionUID = 1L;

    LimitException(String message) {
        super(message);
    }
}
