package io.clocktower.device;

/** A device that cannot be hosted as it was asked for. */
public final class DeviceException extends Exception {

    private static final long serialVersionUID = 1L;

    public DeviceException(String message) {
        super(message);
    }
}
