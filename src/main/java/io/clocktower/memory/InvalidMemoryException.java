package io.clocktower.memory;

/** A front-end described memory that is invalid, or more of it than its device may map. */
public final class InvalidMemoryException extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidMemoryException(String message) {
        super(message);
    }
}
