package io.clocktower.rtc;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostMoment;

/**
 * The host's clocks, read at most once a batch of requests: at the first request that needs them, which is after the last
 * one of the batch was seen to be available. One thread owns it; it allocates nothing.
 *
 * <p>
 * A clock that alone is needed is read alone. As soon as another one is needed too, all are taken of one moment.
 */
final class BatchClock implements HostClock {

    private enum Taken {
        NOTHING, TAI, REALTIME, BOOTTIME, ALL
    }

    private final HostClock host;
    private final HostMoment moment = new HostMoment();
    private Taken taken = Taken.NOTHING;
    /** The reading of the clock that was taken alone. */
    private long aloneNs;

    BatchClock(HostClock host) {
        this.host = host;
    }

    /** A batch begins, for which the clocks are read again. */
    void begin() {
        taken = Taken.NOTHING;
    }

    @Override
    public long taiNs() {
        if (taken == Taken.NOTHING) {
            taken = Taken.TAI;
            aloneNs = host.taiNs();
        }
        return taken == Taken.TAI ? aloneNs : all().taiNs();
    }

    @Override
    public long realtimeNs() {
        if (taken == Taken.NOTHING) {
            taken = Taken.REALTIME;
            aloneNs = host.realtimeNs();
        }
        return taken == Taken.REALTIME ? aloneNs : all().realtimeNs();
    }

    @Override
    public long boottimeNs() {
        if (taken == Taken.NOTHING) {
            taken = Taken.BOOTTIME;
            aloneNs = host.boottimeNs();
        }
        return taken == Taken.BOOTTIME ? aloneNs : all().boottimeNs();
    }

    private HostMoment all() {
        if (taken != Taken.ALL) {
            moment.take(host);
            taken = Taken.ALL;
        }
        return moment;
    }
}
