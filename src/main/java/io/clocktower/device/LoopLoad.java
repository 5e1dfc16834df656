package io.clocktower.device;

import io.clocktower.loop.EventLoop;
import io.clocktower.status.DeviceState;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What an event loop has to do: virtual machines make requests, and each device has a timer and a socket.
 *
 * @param connected how many of its devices have a front-end
 */
record LoopLoad(EventLoop loop, long connected, long devices) {

    private static final Set<DeviceState> HAVE_NONE = EnumSet.of(DeviceState.WAITING, DeviceState.CONNECTING);
    private static final Comparator<LoopLoad> LIGHTEST_FIRST = Comparator.comparingLong(LoopLoad::connected)
            .thenComparingLong(LoopLoad::devices);

    /** The loop for the next device, the first of those that are equal. No loop is asked. */
    static LoopLoad lightest(List<EventLoop> loops, Collection<DeviceProxy> devices) {
        return loops.stream().map(loop -> of(loop, devices)).min(LIGHTEST_FIRST).orElseThrow();
    }

    private static LoopLoad of(EventLoop loop, Collection<DeviceProxy> devices) {
        long connected = 0;
        long all = 0;
        for (DeviceProxy proxy : devices) {
            if (proxy.loop() == loop) {
                all++;
                connected += HAVE_NONE.contains(proxy.device().counters().state()) ? 0 : 1;
            }
        }
        return new LoopLoad(loop, connected, all);
    }
}
