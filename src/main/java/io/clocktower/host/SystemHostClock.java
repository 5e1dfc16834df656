package io.clocktower.host;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostTai;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.linux.SystemClock;

/** The clocks of the host this process runs on. Thread-safe. */
public final class SystemHostClock implements HostClock {

    private final LeapSeconds leapSeconds;

    /**
     * @param leapSeconds for a kernel that was never told how far TAI is ahead of UTC
     */
    public SystemHostClock(LeapSeconds leapSeconds) {
        this.leapSeconds = leapSeconds;
    }

    @Override
    public long taiNs() {
        long realtimeNs = SystemClock.REALTIME.readNs();
        if (HostTai.isToldByRealtime(realtimeNs, leapSeconds)) {
            return leapSeconds.taiFromUtc(realtimeNs);
        }
        // TAI first: a pause between the two then cannot make an offset that is not set look as if it were.
        long clockTaiNs = SystemClock.TAI.readNs();
        return HostTai.taiNs(clockTaiNs, SystemClock.REALTIME.readNs(), leapSeconds);
    }

    @Override
    public long realtimeNs() {
        return SystemClock.REALTIME.readNs();
    }

    @Override
    public long boottimeNs() {
        return SystemClock.BOOTTIME.readNs();
    }
}
