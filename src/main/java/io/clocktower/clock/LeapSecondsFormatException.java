package io.clocktower.clock;

/** A leap second list that cannot be believed; the message says which line and what was expected. */
public final class LeapSecondsFormatException extends Exception {

    private static final long serialVersionUID = 1L;

    LeapSecondsFormatException(String message) {
        super(message);
    }
}
