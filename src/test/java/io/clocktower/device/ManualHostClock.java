package io.clocktower.device;

import io.clocktower.clock.HostClock;

/** A host's clocks that stand still until a test moves them. */
public final class ManualHostClock implements HostClock {

    /** 2026-11-22 12:00:00 UTC, far from any leap second. */
    public static final long UTC_NS = 1_795_348_800_000_000_000L;
    public static final long TAI_MINUS_UTC_NS = 37_000_000_000L;

    private volatile long realtimeNs = UTC_NS;
    private volatile long boottimeNs = 1_000_000_000L;

    @Override
    public long taiNs() {
        return realtimeNs + TAI_MINUS_UTC_NS;
    }

    @Override
    public long realtimeNs() {
        return realtimeNs;
    }

    @Override
    public long boottimeNs() {
        return boottimeNs;
    }

    public void set(long realtimeNs) {
        this.realtimeNs = realtimeNs;
    }

    public void advance(long ns) {
        realtimeNs += ns;
        boottimeNs += ns;
    }
}
