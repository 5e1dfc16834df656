package io.clocktower.memory;

/** Memory that a front-end described in a way that cannot be. */
public final class InvalidMemoryException extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidMemoryException(String message) {
        super(message);
    }
}
