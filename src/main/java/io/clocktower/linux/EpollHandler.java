package io.clocktower.linux;

/** What a {@link Reactor} calls when a descriptor is ready. */
@FunctionalInterface
public interface EpollHandler {

    /**
     * @param happened as EPOLL bits
     */
    void onReady(int happened);
}
