package io.clocktower.virtqueue;

/** The driver broke the rules of a virtqueue. The device takes nothing more from it until it is set up again. */
public sealed class VirtqueueException extends Exception permits OutsideMemoryException {

    private static final long serialVersionUID = 1L;

    public VirtqueueException(String message) {
        super(message);
    }
}
