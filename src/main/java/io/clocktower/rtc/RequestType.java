package io.clocktower.rtc;

import static io.clocktower.rtc.Status.EINVAL;
import static io.clocktower.rtc.Status.EIO;
import static io.clocktower.rtc.Status.ENODEV;
import static io.clocktower.rtc.Status.EOPNOTSUPP;
import static io.clocktower.rtc.Status.NO_ROOM;
import static io.clocktower.rtc.Status.OK;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The requests of the RTC device. VIRTIO 1.4, "Control Requests", "Read Requests", "Alarm Control Requests". */
public enum RequestType {

    // @formatter:off
    READ(0x0001, 16, 16, OK, ENODEV, EIO),
    READ_CROSS(0x0002, 16, 24, OK, EOPNOTSUPP, ENODEV, EIO),
    CFG(0x1000, 8, 16, OK),
    CLOCK_CAP(0x1001, 16, 16, OK, ENODEV),
    CROSS_CAP(0x1002, 16, 16, OK, EOPNOTSUPP, ENODEV),
    READ_ALARM(0x1003, 16, 24, OK, ENODEV),
    SET_ALARM(0x1004, 24, 8, OK, ENODEV),
    SET_ALARM_ENABLED(0x1005, 16, 8, OK, ENODEV),
    /** A type that the specification does not define, or a request too short to contain a type. */
    UNKNOWN(-1, 0, 0, EOPNOTSUPP);
    // @formatter:on

    private static final RequestType[] TYPES = values();

    private final int id;
    private final int requestBytes;
    private final int responseBytes;
    private final Set<Status> statuses;

    /**
     * @param statuses how a request of the type can end, besides the statuses common to all requests
     */
    RequestType(int id, int requestBytes, int responseBytes, Status... statuses) {
        this.id = id;
        this.requestBytes = requestBytes;
        this.responseBytes = responseBytes;
        this.statuses = EnumSet.of(EINVAL, NO_ROOM);
        Collections.addAll(this.statuses, statuses);
    }

    /** Whether a request of this type can end so. */
    public boolean endsWith(Status status) {
        return statuses.contains(status);
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
