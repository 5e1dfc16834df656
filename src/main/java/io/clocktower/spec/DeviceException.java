package io.clocktower.spec;

import java.util.Optional;

/** A device rejects what was asked of it. Nothing changed, except perhaps with {@link Reason#NOT_KNOWN}. */
public final class DeviceException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why it was rejected. */
    public enum Reason {
        /** The device, clock, fault or alarm does not exist. */
        NOT_FOUND,
        /** It is valid, but not in the present state of the device. */
        CONFLICT,
        /** The device has changed since the version that the caller expects. */
        CHANGED,
        /** It is not valid; {@link DeviceException#fault} names the field. */
        IMPOSSIBLE,
        /** The host failed: a socket, the disk, or another resource. */
        FAILED,
        /** The device's event loop did not answer in time, and will not do what was asked. */
        NO_ANSWER,
        /** The device's event loop did not answer in time, and may still do what was asked. */
        NOT_KNOWN
    }

    private final Reason reason;
    private final transient FieldError fault;

    private DeviceException(Reason reason, String message, FieldError fault, Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.fault = fault;
    }

    private DeviceException(Reason reason, String message) {
        this(reason, message, null, null);
    }

    /** Why it was rejected. */
    public Reason reason() {
        return reason;
    }

    /** The field that is not valid; only with {@link Reason#IMPOSSIBLE}. */
    public Optional<FieldError> fault() {
        return Optional.ofNullable(fault);
    }

    public static DeviceException notFound(String message) {
        return new DeviceException(Reason.NOT_FOUND, message);
    }

    public static DeviceException conflict(String message) {
        return new DeviceException(Reason.CONFLICT, message);
    }

    public static DeviceException changed(String message) {
        return new DeviceException(Reason.CHANGED, message);
    }

    public static DeviceException impossible(FieldError fault) {
        return new DeviceException(Reason.IMPOSSIBLE, fault.toString(), fault, null);
    }

    public static DeviceException impossible(String field, String detail) {
        return impossible(new FieldError(field, detail));
    }

    public static DeviceException failed(String message, Throwable cause) {
        return new DeviceException(Reason.FAILED, message, null, cause);
    }

    public static DeviceException noAnswer(String message) {
        return new DeviceException(Reason.NO_ANSWER, message);
    }

    public static DeviceException notKnown(String message) {
        return new DeviceException(Reason.NOT_KNOWN, message);
    }
}
