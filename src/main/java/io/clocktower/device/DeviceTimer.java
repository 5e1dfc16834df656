package io.clocktower.device;

import io.clocktower.rtc.AlarmTimer;
import java.util.function.LongSupplier;

/** The alarms' timer, which also ends when a fault begins or ends. Its device's loop owns it. */
final class DeviceTimer implements AlarmTimer {

    private final HostTimer timer;
    private final LongSupplier nsUntilChange;

    /**
     * @param nsUntilChange how long until a fault begins or ends; {@link Long#MAX_VALUE} if none will
     */
    DeviceTimer(HostTimer timer, LongSupplier nsUntilChange) {
        this.timer = timer;
        this.nsUntilChange = nsUntilChange;
    }

    @Override
    public void setAfter(long delayNs) {
        timer.setAfter(Math.max(1, Math.min(delayNs, nsUntilChange.getAsLong())));
    }

    @Override
    public void clear() {
        long delayNs = nsUntilChange.getAsLong();
        if (delayNs == Long.MAX_VALUE) {
            timer.clear();
        } else {
            timer.setAfter(Math.max(1, delayNs));
        }
    }

    void close() {
        timer.close();
    }
}
