package io.clocktower.state;

import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.fault.Faults;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import java.util.List;
import java.util.Map;

/**
 * Everything that makes up a device: what is kept of it, and what it can be created from.
 *
 * @param isConfigured whether the configuration asks for it; the others were created over REST
 * @param alarms of the clocks that have one
 */
public record DeviceRecord(DeviceSpec spec, boolean isConfigured, DeviceVersion version, Faults faults,
        List<AlarmStatus> alarms) {

    /** A new device, without faults. */
    public static DeviceRecord create(DeviceSpec spec, boolean isConfigured, LeapSeconds leapSeconds, HostInstant now) {
        return new DeviceRecord(spec, isConfigured, DeviceVersion.first(now.wallClock()),
                new Faults(spec.clocks(), leapSeconds, List.of(), Map.of()), List.of());
    }

    public DeviceRecord with(DeviceSpec other) {
        return other.equals(spec) ? this : new DeviceRecord(other, isConfigured, version, faults, alarms);
    }

    public DeviceRecord with(Faults other) {
        return other == faults ? this : new DeviceRecord(spec, isConfigured, version, other, alarms);
    }

    public DeviceRecord with(DeviceVersion other) {
        return new DeviceRecord(spec, isConfigured, other, faults, alarms);
    }

    /**
     * A change of a device, as a function of its record. It is applied to whatever the record is at that time, so it must
     * not depend on an earlier one.
     */
    @FunctionalInterface
    public interface Change {

        /** The record after the change, which is made at this time; the same instance if nothing changes. */
        DeviceRecord of(DeviceRecord record, HostInstant now) throws DeviceException;
    }
}
