package io.clocktower.hosted;

import io.clocktower.host.HostTimer;
import io.clocktower.rtc.AlarmTimer;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The alarms' timer, which also ends when a fault begins or ends. It is set again whatever happens when it ends. Its device's
 * loop owns it.
 */
final class DeviceTimer implements AlarmTimer {

    /** When a change that failed, or a look at the alarms that did, is tried again. */
    static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(1);

    private final HostTimer timer;
    private final LongSupplier nsUntilChange;
    private boolean isSet;
    private boolean hasFailed;

    /**
     * @param nsUntilChange how long until a fault begins or ends; {@link Long#MAX_VALUE} if none will
     */
    DeviceTimer(HostTimer timer, LongSupplier nsUntilChange) {
        this.timer = timer;
        this.nsUntilChange = nsUntilChange;
    }

    /** It ended, and has to be set again. */
    void onEnded() {
        isSet = false;
    }

    /** Whether faults could begin and end when they were due: what failed must not keep the loop busy. */
    void onChange(boolean hasFailed) {
        this.hasFailed = hasFailed;
    }

    /** Sets it if the alarms have not since it ended. */
    void ensureSet() {
        if (!isSet) {
            timer.setAfter(AGAIN_NS);
            isSet = true;
        }
    }

    private long nsUntilChange() {
        long ns = nsUntilChange.getAsLong();
        return Math.max(hasFailed ? AGAIN_NS : 1, ns);
    }

    @Override
    public void setAfter(long delayNs) {
        timer.setAfter(Math.max(1, Math.min(delayNs, nsUntilChange())));
        isSet = true;
    }

    @Override
    public void clear() {
        long delayNs = nsUntilChange();
        if (delayNs == Long.MAX_VALUE) {
            timer.clear();
        } else {
            timer.setAfter(delayNs);
        }
        isSet = true;
    }

    /** Does not end until it is set again. */
    void pause() {
        timer.clear();
        isSet = false;
    }

    void close() {
        timer.close();
    }
}
