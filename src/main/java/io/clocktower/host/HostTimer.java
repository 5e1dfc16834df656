package io.clocktower.host;

import io.clocktower.clock.HostClock;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.Reactor;
import io.clocktower.linux.TimerFd;
import io.clocktower.rtc.AlarmTimer;

/** A timer on the host's clock, and how one is made. The thread of its reactor owns it. */
public interface HostTimer extends AlarmTimer, AutoCloseable {

    /** Makes timers that go with a {@link HostClock}: with a test's clock goes a timer that the test ends. */
    @FunctionalInterface
    interface Factory {

        /**
         * @param onTime is called on the reactor's thread when the timer ends or the host's clock steps
         */
        HostTimer open(Reactor reactor, HostClock host, Runnable onTime);
    }

    @Override
    void close();

    /** A timer of the kernel's. */
    static HostTimer open(Reactor reactor, HostClock host, Runnable onTime) {
        var timer = new TimerFd();
        var watch = reactor.watch(timer.number(), Epoll.EPOLLIN, _ -> {
            timer.acknowledge();
            onTime.run();
        });
        return new HostTimer() {

            @Override
            public void setAfter(long delayNs) {
                long realtimeNs = host.realtimeNs();
                timer.set(delayNs > Long.MAX_VALUE - realtimeNs ? Long.MAX_VALUE : realtimeNs + delayNs);
            }

            @Override
            public void clear() {
                timer.clear();
            }

            @Override
            public void close() {
                watch.close();
                timer.close();
            }
        };
    }
}
