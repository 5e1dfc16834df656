package io.clocktower.rtc;

/** Looks at nothing that a device does. */
public final class SilentObserver implements RequestObserver, AlarmObserver {

    @Override
    public void onRequests(RequestType type, Status status, int count, long ns) {}

    @Override
    public void onReads(int clockId, int count, long nowNs) {}

    @Override
    public void onSet(int clockId) {}

    @Override
    public void onExpired(int clockId) {}

    @Override
    public void onDelivered(int clockId) {}

    @Override
    public void onChange(int clockId, boolean isPending, boolean isWaiting) {}
}
