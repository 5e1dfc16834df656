package io.clocktower.device;

/** What is asked of a device and cannot be done. It changed nothing, but for {@link Reason#NOT_KNOWN}. */
public final class DeviceException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why it cannot be done. */
    public enum Reason {
        /** There is no such device, clock, fault or alarm. */
        NOT_FOUND,
        /** It is possible, but not as things are now. */
        CONFLICT,
        /** The device has changed since the caller looked at it. */
        CHANGED,
        /** It is never possible; the message begins with the name of the component to blame. */
        IMPOSSIBLE,
        /** The device's socket, its state, or a resource of the host cannot be had. */
        FAILED,
        /** The device's event loop did not answer in time, and will not do it. */
        NO_ANSWER,
        /** The device's event loop did not answer in time, and may yet do it. */
        NOT_KNOWN
    }

    private final Reason reason;

    private DeviceException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why it cannot be done. */
    public Reason reason() {
        return reason;
    }

    static DeviceException notFound(String message) {
        return new DeviceException(Reason.NOT_FOUND, message, null);
    }

    static DeviceException conflict(String message) {
        return new DeviceException(Reason.CONFLICT, message, null);
    }

    static DeviceException changed(String message) {
        return new DeviceException(Reason.CHANGED, message, null);
    }

    static DeviceException impossible(String message) {
        return new DeviceException(Reason.IMPOSSIBLE, message, null);
    }

    static DeviceException failed(String message, Throwable cause) {
        return new DeviceException(Reason.FAILED, message, cause);
    }

    static DeviceException noAnswer(String message) {
        return new DeviceException(Reason.NO_ANSWER, message, null);
    }

    static DeviceException notKnown(String message) {
        return new DeviceException(Reason.NOT_KNOWN, message, null);
    }
}
