package io.clocktower.device;

import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.ServedClock;
import io.clocktower.fault.FaultRequest;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceException;
import io.clocktower.state.DeviceRecord;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The step that makes an alarm due. */
final class PastAlarm {

    /** A guest that counts seconds has to see a later one than the alarm's. */
    private static final long MARGIN_NS = TimeUnit.SECONDS.toNanos(1);

    private PastAlarm() {}

    /**
     * @throws DeviceException if the clock has no alarm, the alarm is not enabled, or the clock has come to its time
     */
    static FaultRequest step(DeviceRecord record, int clockId, String author, HostInstant now) throws DeviceException {
        String device = record.spec().name();
        AlarmStatus alarm = record.alarms().stream().filter(candidate -> candidate.clockId() == clockId).findFirst()
                .orElseThrow(() -> DeviceException
                        .notFound("device %s: clock %d has no alarm".formatted(device, clockId)));
        if (!alarm.isEnabled()) {
            throw DeviceException
                    .conflict("device %s: the alarm of clock %d is not enabled".formatted(device, clockId));
        }
        long reading = record.faults().clock(clockId).readNs(now);
        if (reading == ServedClock.UNREPRESENTABLE || Long.compareUnsigned(reading, alarm.timeNs()) >= 0) {
            throw DeviceException.conflict("device %s: clock %d has come to the time of its alarm".formatted(device,
                    clockId));
        }
        return new FaultRequest(Optional.of(clockId), new Effect.Step(alarm.timeNs() - reading + MARGIN_NS),
                Optional.empty(), Optional.empty(), author, "past the alarm of clock " + clockId);
    }
}
