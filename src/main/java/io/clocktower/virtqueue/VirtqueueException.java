package io.clocktower.virtqueue;

/** A virtqueue on which the driver broke the rules: nothing more can be taken from it until it is set up anew. */
public final class VirtqueueException extends Exception {

    private static final long serialVersionUID = 1L;

    public VirtqueueException(String message) {
        super(message);
    }
}
