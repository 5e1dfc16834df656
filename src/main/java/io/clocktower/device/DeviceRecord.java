package io.clocktower.device;

import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.rtc.AlarmStatus;
import java.util.List;
import java.util.Map;

/**
 * All that makes up a device: what is kept of it, and what it can be made of anew.
 *
 * @param isConfigured whether the configuration asks for it; the others were made over REST
 * @param alarms of the clocks that have one
 */
record DeviceRecord(DeviceSpec spec, boolean isConfigured, DeviceVersion version, Faults faults,
        List<AlarmStatus> alarms) {

    /** A device that has just been made. */
    static DeviceRecord anew(DeviceSpec spec, boolean isConfigured, LeapSeconds leapSeconds, HostInstant now) {
        return new DeviceRecord(spec, isConfigured,
                new DeviceVersion(now.wallClock(), 1),
                new Faults(spec.clocks(), leapSeconds, List.of(), Map.of()), List.of());
    }

    DeviceRecord with(DeviceSpec other) {
        return other.equals(spec) ? this : new DeviceRecord(other, isConfigured, version, faults, alarms);
    }

    DeviceRecord with(Faults other) {
        return other == faults ? this : new DeviceRecord(spec, isConfigured, version, other, alarms);
    }

    DeviceRecord with(DeviceVersion other) {
        return new DeviceRecord(spec, isConfigured, other, faults, alarms);
    }

    /** One change of a device, which it may refuse. */
    @FunctionalInterface
    interface Change {

        /** What the device is to be. */
        DeviceRecord of(DeviceRecord record) throws DeviceException;
    }
}
