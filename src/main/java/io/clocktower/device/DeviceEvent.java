package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Something that happened to a device.
 *
 * @param id greater than that of any event before, those of an earlier run of the service included; 0 until it is
 *     published
 * @param time on the host's wall clock
 * @param clock the clock it is about
 * @param fault the id of the fault it is about
 * @param labels the device's at that time
 * @param detail a sentence about it
 */
public record DeviceEvent(long id, Instant time, Type type, String device, Optional<Integer> clock,
        Optional<String> fault, Map<String, String> labels, String detail) {

    /** What happened. */
    public enum Type {
        /** Somebody made a device over REST. */
        DEVICE_CREATED,
        /** Somebody removed a device. */
        DEVICE_REMOVED,
        /** A front-end connected. */
        CONNECTED,
        /** A front-end went. */
        DISCONNECTED,
        /** An operator asked for a fault, or for another one in its place. */
        FAULT_INJECTED,
        /** The time of a fault that was asked for before came. */
        FAULT_BEGUN,
        /** The time of a fault was over. */
        FAULT_ENDED,
        /** An operator reverted a fault. */
        FAULT_REVERTED,
        /** A guest set an alarm: its time, or whether it is enabled. */
        ALARM_SET,
        /** An alarm came to its time. */
        ALARM_EXPIRED,
        /** A guest was notified of an alarm. */
        ALARM_DELIVERED,
        /** An operator had an alarm expire. */
        ALARM_FORCED;

        private final String word = Words.of(this);

        /** As it is written everywhere else: {@code fault-injected}. */
        public String word() {
            return word;
        }

        /** The type that is written like this. */
        public static Optional<Type> of(String word) {
            return Arrays.stream(values()).filter(type -> type.word.equals(word)).findFirst();
        }

        /** Whether a guest causes it, as often as it likes. */
        boolean isGuests() {
            return this == ALARM_SET || this == ALARM_EXPIRED || this == ALARM_DELIVERED;
        }
    }

    static DeviceEvent of(HostClock host, Type type, DeviceSpec device, String detail) {
        return new DeviceEvent(0, HostInstant.instant(host.realtimeNs()), type, device.name(), Optional.empty(),
                Optional.empty(), device.labels(), detail);
    }

    DeviceEvent ofClock(int clockId) {
        return new DeviceEvent(id, time, type, device, Optional.of(clockId), fault, labels, detail);
    }

    DeviceEvent ofFault(Fault about) {
        return new DeviceEvent(id, time, type, device, about.clock(), Optional.of(about.id()), labels, detail);
    }

    DeviceEvent numbered(long number) {
        return new DeviceEvent(number, time, type, device, clock, fault, labels, detail);
    }
}
