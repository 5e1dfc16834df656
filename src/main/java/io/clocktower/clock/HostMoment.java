package io.clocktower.clock;

/**
 * The host's clocks as they were at one moment, which can be taken again and again without allocating anything. One
 * thread owns it.
 */
public final class HostMoment implements HostClock {

    private static final int TRIES = 4;
    /** Near enough: several times what the readings take if nothing interrupts them. */
    private static final long GOOD_NS = 5_000;

    private long taiNs;
    private long realtimeNs;
    private long boottimeNs;

    /**
     * Reads each of the clocks, again if the thread was interrupted in between: of a clock that a fault slows down the
     * readings would not be in order.
     */
    public void take(HostClock host) {
        for (int i = 0; i < TRIES; i++) {
            long beforeNs = host.boottimeNs();
            taiNs = host.taiNs();
            realtimeNs = host.realtimeNs();
            long apartNs = host.boottimeNs() - beforeNs;
            boottimeNs = beforeNs + apartNs / 2;
            if (apartNs <= GOOD_NS) {
                return;
            }
        }
    }

    @Override
    public long taiNs() {
        return taiNs;
    }

    @Override
    public long realtimeNs() {
        return realtimeNs;
    }

    @Override
    public long boottimeNs() {
        return boottimeNs;
    }
}
