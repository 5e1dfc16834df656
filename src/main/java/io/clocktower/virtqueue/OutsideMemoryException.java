package io.clocktower.virtqueue;

/**
 * A descriptor, or an indirect table, lies outside the guest's memory: the driver broke the rules, unless the front-end
 * has removed a memory region that it will add again.
 */
public final class OutsideMemoryException extends VirtqueueException {

    private static final long serialVersionUID = 1L;

    private final long guestAddress;

    OutsideMemoryException(long guestAddress, String message) {
        super(message);
        this.guestAddress = guestAddress;
    }

    /** An address at which there is no memory. */
    public long guestAddress() {
        return guestAddress;
    }
}
