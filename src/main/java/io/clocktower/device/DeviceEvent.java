package io.clocktower.device;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that happened to a device.
 *
 * @param time on the host's wall clock
 * @param clock the clock it is about
 * @param fault the id of the fault it is about
 * @param detail a sentence about it
 */
public record DeviceEvent(Instant time, Type type, String device, Optional<Integer> clock, Optional<String> fault,
        String detail) {

    /** What happened. */
    public enum Type {
        DEVICE_CREATED, DEVICE_REMOVED, CONNECTED, DISCONNECTED, FAULT_INJECTED, FAULT_BEGUN, FAULT_ENDED, FAULT_REVERTED, ALARM_SET, ALARM_EXPIRED, ALARM_DELIVERED;

        /** Whether a guest causes it, as often as it likes. */
        boolean isGuests() {
            return this == ALARM_SET || this == ALARM_EXPIRED || this == ALARM_DELIVERED;
        }
    }
}
