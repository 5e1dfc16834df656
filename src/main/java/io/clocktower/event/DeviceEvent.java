package io.clocktower.event;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import io.clocktower.fault.Fault;
import io.clocktower.spec.DeviceSpec;
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
 * @param change who did it, from what to what
 * @param labels the device's at that time
 * @param detail a sentence about it
 */
public record DeviceEvent(long id, Instant time, Type type, String device, Optional<Integer> clock,
        Optional<String> fault, Change change, Map<String, String> labels, String detail) {

    /**
     * What was changed.
     *
     * @param actor the operator who did it; empty where time, a guest or a front-end did
     * @param from what was there before, in words; empty if nothing was
     * @param to what is there since, in words; empty if nothing is
     */
    public record Change(Optional<String> actor, Optional<String> from, Optional<String> to) {

        public static final Change NONE = new Change(Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** What happened. */
    public enum Type {
        /** A device was created over REST. */
        DEVICE_CREATED,
        /** A device was removed. */
        DEVICE_REMOVED,
        /** A front-end connected. */
        CONNECTED,
        /** A front-end disconnected. */
        DISCONNECTED,
        /** An operator injected a fault, or replaced one. */
        FAULT_INJECTED,
        /** An operator changed the duration or reason of a fault, paused it, or resumed it. */
        FAULT_CHANGED,
        /** A fault that was injected with a later start took effect. */
        FAULT_BEGUN,
        /** A fault ended by its duration. */
        FAULT_ENDED,
        /** An operator reverted a fault. */
        FAULT_REVERTED,
        /** A guest set an alarm: its time, or whether it is enabled. */
        ALARM_SET,
        /** An alarm reached its time. */
        ALARM_EXPIRED,
        /** A guest was notified of an alarm. */
        ALARM_DELIVERED,
        /** An operator expired an alarm. */
        ALARM_FORCED,
        /** The wall clock of the host was stepped. It is about no single device. */
        HOST_CLOCK_STEPPED;

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

    public static DeviceEvent of(HostClock host, Type type, DeviceSpec device, String detail) {
        return new DeviceEvent(0, HostInstant.instant(host.realtimeNs()), type, device.name(), Optional.empty(),
                Optional.empty(), Change.NONE, device.labels(), detail);
    }

    /** Something that happened to the host, and so to every device: its device is empty. */
    public static DeviceEvent ofHost(HostClock host, Type type, String detail) {
        return new DeviceEvent(0, HostInstant.instant(host.realtimeNs()), type, "", Optional.empty(), Optional.empty(),
                Change.NONE, Map.of(), detail);
    }

    public DeviceEvent ofClock(int clockId) {
        return new DeviceEvent(id, time, type, device, Optional.of(clockId), fault, change, labels, detail);
    }

    public DeviceEvent ofFault(Fault about) {
        return new DeviceEvent(id, time, type, device, about.clock(), Optional.of(about.id()), change, labels, detail);
    }

    public DeviceEvent by(Optional<String> actor) {
        return with(new Change(actor, change.from(), change.to()));
    }

    public DeviceEvent from(String from) {
        return with(new Change(change.actor(), Optional.of(from), change.to()));
    }

    public DeviceEvent to(String to) {
        return with(new Change(change.actor(), change.from(), Optional.of(to)));
    }

    private DeviceEvent with(Change other) {
        return new DeviceEvent(id, time, type, device, clock, fault, other, labels, detail);
    }

    DeviceEvent numbered(long number) {
        return new DeviceEvent(number, time, type, device, clock, fault, change, labels, detail);
    }
}
