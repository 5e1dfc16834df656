package io.clocktower.device;

import java.util.Optional;

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
        /** It is never possible; {@link DeviceException#fault} names the field to blame. */
        IMPOSSIBLE,
        /** The device's socket, its state, or a resource of the host cannot be had. */
        FAILED,
        /** The device's event loop did not answer in time, and will not do it. */
        NO_ANSWER,
        /** The device's event loop did not answer in time, and may yet do it. */
        NOT_KNOWN
    }

    private final Reason reason;
    private final transient FieldFault fault;

    private DeviceException(Reason reason, String message, FieldFault fault, Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.fault = fault;
    }

    private DeviceException(Reason reason, String message) {
        this(reason, message, null, null);
    }

    /** Why it cannot be done. */
    public Reason reason() {
        return reason;
    }

    /** What is to blame; nothing unless it is impossible. */
    public Optional<FieldFault> fault() {
        return Optional.ofNullable(fault);
    }

    static DeviceException notFound(String message) {
        return new DeviceException(Reason.NOT_FOUND, message);
    }

    static DeviceException conflict(String message) {
        return new DeviceException(Reason.CONFLICT, message);
    }

    static DeviceException changed(String message) {
        return new DeviceException(Reason.CHANGED, message);
    }

    static DeviceException impossible(FieldFault fault) {
        return new DeviceException(Reason.IMPOSSIBLE, fault.toString(), fault, null);
    }

    static DeviceException impossible(String field, String detail) {
        return impossible(new FieldFault(field, detail));
    }

    static DeviceException failed(String message, Throwable cause) {
        return new DeviceException(Reason.FAILED, message, null, cause);
    }

    static DeviceException noAnswer(String message) {
        return new DeviceException(Reason.NO_ANSWER, message);
    }

    static DeviceException notKnown(String message) {
        return new DeviceException(Reason.NOT_KNOWN, message);
    }
}
