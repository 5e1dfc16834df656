package io.clocktower.rtc;

/** Is told of requests, on the device's thread, and must neither block nor allocate. */
public interface RequestObserver {

    /** A request was answered. */
    void onRequest(RequestType type, Status status);

    /** A clock's reading was given to the driver. */
    void onRead(int clockId);
}
