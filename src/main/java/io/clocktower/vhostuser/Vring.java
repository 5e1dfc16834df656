package io.clocktower.vhostuser;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import io.clocktower.linux.Reactor;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.Optional;

/**
 * A ring as the front-end sees it: the virtqueue with its kick, call and err eventfds and its enabled flag. "Ring
 * states".
 *
 * <p>
 * A ring is stopped until a kick, runs while it is enabled, and is stopped by GET_VRING_BASE. A
 * ring on which the driver broke the rules is broken until it is stopped or reset. One whose memory a front-end takes
 * away rests until there is memory at its addresses again.
 */
final class Vring {

    private final int index;
    private final BackEnd backEnd;
    private final Reactor reactor;
    private final long pollWindowNs;

    private final RingSetup setup;
    private EventFd kick;
    private Reactor.Watch kickWatch;
    private EventFd call;
    private EventFd err;
    private boolean isEnabled;
    private boolean isStarted;
    private boolean isBroken;
    private boolean wasStopped;
    private boolean isResting;
    private Virtqueue virtqueue;
    private boolean isPutOff;
    private long pollUntilNs;
    private final Runnable turn = this::runTurn;

    Vring(int index, BackEnd backEnd, Reactor reactor, long pollWindowNs) {
        this.index = index;
        this.backEnd = backEnd;
        this.reactor = reactor;
        this.pollWindowNs = pollWindowNs;
        setup = new RingSetup(index, backEnd);
    }

    void setSize(int size) throws ProtocolException {
        requireStopped();
        setup.setSize(size);
    }

    void setBase(int base) throws ProtocolException {
        requireStopped();
        setup.checkBase(base);
        if (wasStopped && base != setup.base()) {
            // QEMU tells RTC back-ends of no reset, but a ring that goes on elsewhere than it stopped was set up anew.
            backEnd.device().onReset();
        }
        wasStopped = false;
        setup.setBase(base);
    }

    private void requireStopped() throws ProtocolException {
        if (isOpen()) {
            throw new ProtocolException("vring %d is running".formatted(index));
        }
    }

    void setAddresses(long descriptor, long available, long used) throws ProtocolException {
        setup.setAddresses(descriptor, available, used);
        remap();
    }

    /** Translates the addresses of a running ring anew, after the memory or the addresses changed. */
    void remap() {
        if (virtqueue == null) {
            return;
        }
        Optional<RingAreas> ring = setup.locate();
        isResting = ring.isEmpty();
        if (isResting || isBroken) {
            return;
        }
        virtqueue.remap(ring.get(), backEnd.memory());
        try {
            setup.checkAlignment();
            run();
        } catch (VirtqueueException e) {
            breakRing(e.getMessage());
        }
    }

    /** Takes the eventfd over which the driver's notifications come. It is never read: each write to it is an event. */
    void setKick(EventFd eventFd) {
        dropKick();
        try {
            kickWatch = reactor.watch(eventFd.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> onKick());
        } catch (LinuxException e) {
            eventFd.close();
            throw e;
        }
        kick = eventFd;
    }

    /** Takes the eventfd that tells the driver of used buffers, or null for none. */
    void setCall(EventFd eventFd) {
        close(call);
        call = eventFd;
    }

    /** Takes the eventfd that tells the front-end of a broken ring, or null for none. */
    void setErr(EventFd eventFd) {
        close(err);
        err = eventFd;
    }

    void setEnabled(boolean isEnabled) {
        this.isEnabled = isEnabled;
        run();
    }

    private void onKick() {
        isStarted = true;
        run();
    }

    /** Uses what is available, if the ring runs. */
    void run() {
        if (!isPutOff) {
            runTurn();
        }
    }

    boolean isRunning() {
        return isStarted && !isBroken && !isResting && (isEnabled || !backEnd.hasProtocolFeatures());
    }

    /** Whether its virtqueue is in use, so that what it was opened with must stay. */
    boolean isOpen() {
        return virtqueue != null;
    }

    boolean isBroken() {
        return isBroken;
    }

    private void runTurn() {
        isPutOff = false;
        if (!isRunning()) {
            return;
        }
        String fault = faultOfTurn();
        if (fault != null) {
            breakRing(fault);
        }
    }

    /** Uses what is available, and answers what was wrong with the ring, or null if nothing was. */
    private String faultOfTurn() {
        try {
            try {
                if (virtqueue == null) {
                    virtqueue = setup.open();
                }
                useAvailable();
                return null;
            } finally {
                Mmap.settle();
            }
        } catch (VirtqueueException e) {
            return e.getMessage();
        } catch (InternalError e) {
            return "the guest's memory has gone: " + e.getMessage();
        } catch (RuntimeException | Error e) {
            // A request may be half done: whatever it was, this ring cannot go on, and all others can.
            return "unexpected " + e;
        }
    }

    private void useAvailable() throws VirtqueueException {
        int before = virtqueue.base();
        virtqueue.disableNotifications();
        boolean isMoreLeft = backEnd.device().onAvailable(index, virtqueue);
        signalUsed();
        if (virtqueue.base() != before) {
            pollUntilNs = reactor.nowNs() + pollWindowNs;
        }
        if (isMoreLeft || reactor.nowNs() < pollUntilNs || isWantedMoreAvailable(before)) {
            isPutOff = true;
            reactor.putOff(turn);
        }
    }

    /**
     * Enables notifications, and answers whether there is something to use that came before. Buffers that the device
     * leaves where they are are no such thing: their driver would keep this thread from ever sleeping.
     */
    private boolean isWantedMoreAvailable(int before) throws VirtqueueException {
        if (!virtqueue.enableNotifications()) {
            return false;
        }
        if (virtqueue.base() != before) {
            return true;
        }
        boolean isMoreLeft = backEnd.device().onAvailable(index, virtqueue);
        signalUsed();
        return isMoreLeft || virtqueue.base() != before;
    }

    private void signalUsed() {
        if (virtqueue.needsNotification() && call != null) {
            call.signal();
        }
    }

    private void breakRing(String reason) {
        isBroken = true;
        if (call != null) {
            // The driver may wait for what was used before.
            call.signal();
        }
        if (err != null) {
            err.signal();
        }
        // Kicks of a ring that nobody looks at need not wake anybody.
        dropKick();
        backEnd.onRingBroken(index, reason);
    }

    /** Stops the ring and answers how far it came. */
    int stop() {
        if (virtqueue != null) {
            leaveNotificationsOn();
            setup.setBase(virtqueue.base());
            wasStopped = true;
            virtqueue = null;
        }
        dropKick();
        isStarted = false;
        isBroken = false;
        isResting = false;
        return setup.base();
    }

    /** Whoever runs the ring next may wait for a kick, which a ring that is polled suppresses. */
    private void leaveNotificationsOn() {
        if (!isPutOff || isBroken || isResting) {
            return;
        }
        try {
            virtqueue.enableNotifications();
            Mmap.settle();
        } catch (VirtqueueException | InternalError e) {
            // The driver broke the ring, or its memory has gone: nobody can run it any more.
        }
    }

    /** As when the front-end had not set it up; call and err, which it sets once a connection, stay. */
    void reset() {
        stop();
        setup.forget();
        wasStopped = false;
        isEnabled = false;
    }

    void close() {
        reset();
        setCall(null);
        setErr(null);
    }

    private void dropKick() {
        if (kick != null) {
            kickWatch.close();
            kick.close();
            kick = null;
        }
    }

    private static void close(EventFd eventFd) {
        if (eventFd != null) {
            eventFd.close();
        }
    }

    VringStatus status() {
        int now = virtqueue == null ? setup.base() : virtqueue.base();
        return new VringStatus(index, setup.size(), now, isStarted, isEnabled || !backEnd.hasProtocolFeatures(),
                isBroken);
    }
}
