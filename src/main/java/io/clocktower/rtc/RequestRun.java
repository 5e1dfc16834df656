package io.clocktower.rtc;

import java.util.function.LongSupplier;

/**
 * Requests of one type that end alike, one after the other: they are counted together, and measured with one reading of the
 * time. One thread owns it.
 */
final class RequestRun {

    /** The clock of a request that did not read one. */
    static final int NO_CLOCK = -1;

    private final RequestObserver observer;
    private final LongSupplier clock;
    private RequestType type = RequestType.UNKNOWN;
    private Status status = Status.OK;
    private int readClock = NO_CLOCK;
    private int count;
    private long fromNs;

    /**
     * @param clock a monotonic one, in nanoseconds
     */
    RequestRun(RequestObserver observer, LongSupplier clock) {
        this.observer = observer;
        this.clock = clock;
    }

    /** Requests are about to be answered: the time counts from here. */
    void begin() {
        fromNs = clock.getAsLong();
    }

    /** A request of this type is about to be answered, whose time is not that of other types. */
    void beginRequest(RequestType type) {
        if (type != this.type) {
            end();
            this.type = type;
        }
    }

    /**
     * It was answered.
     *
     * @param readClock the clock whose reading it was given, or {@link #NO_CLOCK}
     */
    void endRequest(Status status, int readClock) {
        if (count > 0 && (status != this.status || readClock != this.readClock)) {
            end();
        }
        if (status != this.status) {
            this.status = status;
        }
        this.readClock = readClock;
        count++;
    }

    /** Reports those that were answered since the last report. */
    void end() {
        if (count == 0) {
            return;
        }
        long nowNs = clock.getAsLong();
        int ended = count;
        count = 0;
        observer.onRequests(type, status, ended, (nowNs - fromNs) / ended);
        if (readClock != NO_CLOCK) {
            observer.onReads(readClock, ended, nowNs);
        }
        fromNs = nowNs;
    }
}
