package io.clocktower.status;

/** How far a device is from serving a guest. */
public enum DeviceState {
    /** It listens, and no front-end is connected. */
    WAITING,
    /** It connects to a front-end that does not listen yet, and tries again; the status says why. */
    CONNECTING,
    /** A front-end is connected, and its guest's driver is not running. */
    CONNECTED,
    /** The guest's driver can make requests. */
    RUNNING,
    /** It cannot accept front-ends; the status says why. */
    FAILED
}
