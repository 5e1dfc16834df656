package io.clocktower.linux;

/** A system call that failed. The message has its name and the error. */
public final class LinuxException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    LinuxException(String call, int errno) {
        super(call + ": " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    /** The system call's name, as its manual page has it. */
    public String call() {
        return call;
    }

    /** One of {@link Errno}'s values, or another of the kernel's. */
    public int errno() {
        return errno;
    }
}
