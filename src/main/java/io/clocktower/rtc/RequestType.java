package io.clocktower.rtc;

/** The requests of the RTC device. VIRTIO 1.4, "Control Requests", "Read Requests", "Alarm Control Requests". */
public enum RequestType {

    READ(0x0001, 16, 16), READ_CROSS(0x0002, 16, 24), CFG(0x1000, 8, 16), CLOCK_CAP(0x1001, 16, 16), CROSS_CAP(0x1002,
            16, 16), READ_ALARM(0x1003, 16, 24), SET_ALARM(0x1004, 24, 8), SET_ALARM_ENABLED(0x1005, 16, 8),
    /** Any type that the specification does not have, and a request too short to say one. */
    UNKNOWN(-1, 0, 0);

    private static final RequestType[] TYPES = values();

    private final int id;
    private final int requestBytes;
    private final int responseBytes;

    RequestType(int id, int requestBytes, int responseBytes) {
        this.id = id;
        this.requestBytes = requestBytes;
        this.responseBytes = responseBytes;
    }

    /** The type with this {@code msg_type}. */
    static RequestType of(int id) {
        for (RequestType type : TYPES) {
            if (type.id == id) {
                return type;
            }
        }
        return UNKNOWN;
    }

    /** How long the request is, with its head. */
    int requestBytes() {
        return requestBytes;
    }

    /** How long the response to it is, with its head. */
    int responseBytes() {
        return responseBytes;
    }
}
