package io.clocktower.rtc;

/** Receives what happens to requests, on the device's thread. It must not block and must not allocate. */
public interface RequestObserver {

    /**
     * Requests of one type ended alike, one after the other.
     *
     * @param count how many, 1 or more
     * @param ns how long each of them took in nanoseconds: its share of the time of all
     */
    void onRequests(RequestType type, Status status, int count, long ns);

    /**
     * Readings of a clock were given to the driver.
     *
     * @param count how many, 1 or more
     * @param nowNs the time on the device's monotonic clock
     */
    void onReads(int clockId, int count, long nowNs);
}
