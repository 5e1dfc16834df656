package io.clocktower.rtc;

/** How a request ended. VIRTIO 1.4, "RTC Device", "Device Operation". */
public enum Status {

    OK(0), EOPNOTSUPP(2), ENODEV(3), EINVAL(4), EIO(5),
    /** Not even the status fits the device-writable part of the buffer: nothing is written. */
    NO_ROOM(-1);

    private final int id;

    Status(int id) {
        this.id = id;
    }

    byte id() {
        return (byte) id;
    }
}
