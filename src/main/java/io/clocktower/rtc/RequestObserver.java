package io.clocktower.rtc;

/** Is told of requests, on the device's thread, and must neither block nor allocate. */
public interface RequestObserver {

    /** A request was answered. */
    void onRequest(RequestType type, Status status);

    /**
     * The response to a request is in the used ring.
     *
     * @param ns how long that took from the one before it in the same turn, or from the beginning of the turn
     */
    void onUsed(RequestType type, long ns);

    /** A clock's reading was given to the driver. */
    void onRead(int clockId);
}
