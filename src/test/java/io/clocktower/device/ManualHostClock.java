package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.host.HostTimer;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.Reactor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host's clocks that stand still until a test moves them, and timers on them that end when they come to their time. */
public final class ManualHostClock implements HostClock, HostTimer.Factory {

    /** 2026-11-22 12:00:00 UTC, far from any leap second. */
    public static final long UTC_NS = 1_795_348_800_000_000_000L;
    public static final long TAI_MINUS_UTC_NS = 37_000_000_000L;

    private volatile long realtimeNs = UTC_NS;
    private volatile boolean isFailing;
    private volatile long boottimeNs = 1_000_000_000L;
    private final List<Timer> timers = new CopyOnWriteArrayList<>();

    @Override
    public long taiNs() {
        return realtimeNs + TAI_MINUS_UTC_NS;
    }

    @Override
    public long realtimeNs() {
        return realtimeNs;
    }

    @Override
    public long boottimeNs() {
        if (isFailing && Thread.currentThread().getName().startsWith("event-loop-")) {
            isFailing = false;
            throw new IllegalStateException("of a test");
        }
        return boottimeNs;
    }

    /** The next reading of CLOCK_BOOTTIME on a loop fails. */
    void failNextRead() {
        isFailing = true;
    }

    /** Time goes on. */
    public void advance(long ns) {
        realtimeNs += ns;
        boottimeNs += ns;
        timers.forEach(Timer::endIfDue);
    }

    /** Time goes on, and no timer has ended yet. */
    void advanceUnnoticed(long ns) {
        realtimeNs += ns;
        boottimeNs += ns;
    }

    /** Somebody sets the wall clock, of which the kernel tells those who asked for it. */
    public void set(long realtimeNs) {
        this.realtimeNs = realtimeNs;
        timers.forEach(Timer::endIfSet);
    }

    /** Runs something on the event loop of the device that was made last, as soon as that comes to it. */
    void runOnLoop(Runnable act) {
        Timer timer = timers.getLast();
        timer.act = act;
        timer.ended.signal();
    }

    @Override
    public HostTimer open(Reactor reactor, HostClock host, Runnable onTime) {
        var timer = new Timer(reactor, onTime);
        timers.add(timer);
        return timer;
    }

    /** Ends on the loop's thread, as a timerfd does. */
    private final class Timer implements HostTimer {

        private static final long NEVER = Long.MAX_VALUE;

        private final EventFd ended = EventFd.create();
        private final Reactor.Watch watch;
        private volatile boolean isSet;
        private volatile long dueNs = NEVER;
        private volatile Runnable act = () -> {};

        private Timer(Reactor reactor, Runnable onTime) {
            watch = reactor.watch(ended.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> {
                acted().run();
                onTime.run();
            });
        }

        private Runnable acted() {
            Runnable due = act;
            act = () -> {};
            return due;
        }

        @Override
        public void setAfter(long delayNs) {
            dueNs = delayNs > NEVER - boottimeNs ? NEVER : boottimeNs + delayNs;
            isSet = true;
        }

        @Override
        public void clear() {
            isSet = false;
        }

        private void endIfDue() {
            if (isSet && boottimeNs >= dueNs) {
                ended.signal();
            }
        }

        private void endIfSet() {
            if (isSet) {
                ended.signal();
            }
        }

        @Override
        public void close() {
            timers.remove(this);
            watch.close();
            ended.close();
        }
    }
}
