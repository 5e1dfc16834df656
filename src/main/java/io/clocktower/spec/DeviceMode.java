package io.clocktower.spec;

/** How a device and its front-end connect. */
public enum DeviceMode {
    /** The device listens, the front-end connects. */
    LISTEN,
    /** The front-end listens, the device connects, and tries again until it can. */
    CONNECT
}
