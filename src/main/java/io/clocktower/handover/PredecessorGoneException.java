package io.clocktower.handover;

import java.io.IOException;

/** The running service ended, or closed the connection, before it had passed everything on. */
public final class PredecessorGoneException extends IOException {

    private static final long serialVersionUID = 1L;

    PredecessorGoneException(String message, Throwable cause) {
        super(message, cause);
    }
}
