package io.clocktower.vhostuser;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.SplitRing;
import io.clocktower.virtqueue.SplitVirtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.lang.foreign.MemorySegment;
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

    private int size;
    private int base;
    private boolean hasAddresses;
    private long descriptorAddress;
    private long availableAddress;
    private long usedAddress;
    private EventFd kick;
    private Reactor.Watch kickWatch;
    private EventFd call;
    private EventFd err;
    private boolean isEnabled;
    private boolean isStarted;
    private boolean isBroken;
    private boolean wasStopped;
    private boolean isResting;
    private SplitVirtqueue virtqueue;
    private boolean isPutOff;
    private long pollUntilNs;
    private final Runnable turn = this::runTurn;

    Vring(int index, BackEnd backEnd, Reactor reactor, long pollWindowNs) {
        this.index = index;
        this.backEnd = backEnd;
        this.reactor = reactor;
        this.pollWindowNs = pollWindowNs;
    }

    void setSize(int size) throws ProtocolException {
        requireStopped();
        if (!SplitRing.isValidSize(size)) {
            throw new ProtocolException("vring %d: size %s, expected a power of two to %d".formatted(index,
                    Integer.toUnsignedString(size), SplitRing.MAX_SIZE));
        }
        this.size = size;
    }

    void setBase(int base) throws ProtocolException {
        requireStopped();
        if (base < 0 || base > 0xffff) {
            throw new ProtocolException("vring %d: base %s, expected at most 65535".formatted(index,
                    Integer.toUnsignedString(base)));
        }
        if (wasStopped && base != this.base) {
            // QEMU tells RTC back-ends of no reset, but a ring that goes on elsewhere than it stopped was set up anew.
            backEnd.device().onReset();
        }
        wasStopped = false;
        this.base = base;
    }

    private void requireStopped() throws ProtocolException {
        if (isStarted) {
            throw new ProtocolException("vring %d is running".formatted(index));
        }
    }

    void setAddresses(long descriptor, long available, long used) throws ProtocolException {
        Optional<SplitRing> ring = locate(Math.max(size, 1), descriptor, available, used);
        if (ring.isEmpty()) {
            throw new ProtocolException(
                    "vring %d: descriptor table %#x, available ring %#x or used ring %#x is outside the memory regions"
                            .formatted(index, descriptor, available, used));
        }
        descriptorAddress = descriptor;
        availableAddress = available;
        usedAddress = used;
        hasAddresses = true;
        remap();
    }

    private Optional<SplitRing> locate(int size, long descriptor, long available, long used) {
        MemoryTable memory = backEnd.memory();
        boolean eventIdx = backEnd.hasEventIdx();
        Optional<MemorySegment> table = memory.atUserAddress(descriptor, SplitRing.descriptorTableBytes(size));
        Optional<MemorySegment> availableRing = memory.atUserAddress(available,
                SplitRing.availableBytes(size, eventIdx));
        Optional<MemorySegment> usedRing = memory.atUserAddress(used, SplitRing.usedBytes(size, eventIdx));
        return table.isPresent() && availableRing.isPresent() && usedRing.isPresent()
                ? Optional.of(new SplitRing(size, table.get(), availableRing.get(), usedRing.get()))
                : Optional.empty();
    }

    /** Translates the addresses of a running ring anew, after the memory or the addresses changed. */
    void remap() {
        if (virtqueue == null) {
            return;
        }
        Optional<SplitRing> ring = locate(size, descriptorAddress, availableAddress, usedAddress);
        isResting = ring.isEmpty();
        if (!isResting) {
            virtqueue.remap(ring.get(), backEnd.memory());
            run();
        }
    }

    /** Takes the eventfd over which the driver's notifications come. It is never read: each write to it is an event. */
    void setKick(EventFd eventFd) {
        dropKick();
        kick = eventFd;
        kickWatch = reactor.watch(eventFd.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> onKick());
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

    boolean isStarted() {
        return isStarted;
    }

    boolean isBroken() {
        return isBroken;
    }

    private void runTurn() {
        isPutOff = false;
        if (!isRunning()) {
            return;
        }
        try {
            if (virtqueue == null) {
                virtqueue = start();
            }
            useAvailable();
        } catch (VirtqueueException e) {
            breakRing(e.getMessage());
        } catch (InternalError e) {
            breakRing("the guest's memory has gone: " + e.getMessage());
        } catch (RuntimeException e) {
            breakRing("unexpected " + e);
        }
    }

    private SplitVirtqueue start() throws VirtqueueException {
        if (!hasAddresses || size == 0) {
            throw new VirtqueueException("kicked before its size and addresses were set");
        }
        if (!SplitRing.isAligned(descriptorAddress, availableAddress, usedAddress)) {
            throw new VirtqueueException("descriptor table %#x, available ring %#x or used ring %#x is not aligned"
                    .formatted(descriptorAddress, availableAddress, usedAddress));
        }
        SplitRing ring = locate(size, descriptorAddress, availableAddress, usedAddress)
                .orElseThrow(() -> new VirtqueueException("its addresses are outside the memory regions"));
        return new SplitVirtqueue(ring, backEnd.memory(), backEnd.features(), base);
    }

    private void useAvailable() throws VirtqueueException {
        int before = virtqueue.base();
        virtqueue.disableNotifications();
        boolean isMoreLeft = backEnd.device().onAvailable(index, virtqueue);
        signalUsed();
        if (virtqueue.base() != before) {
            pollUntilNs = reactor.nowNs() + pollWindowNs;
        }
        if (isMoreLeft || reactor.nowNs() < pollUntilNs || virtqueue.enableNotifications()) {
            isPutOff = true;
            reactor.putOff(turn);
        }
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
            base = virtqueue.base();
            wasStopped = true;
            virtqueue = null;
        }
        dropKick();
        isStarted = false;
        isBroken = false;
        isResting = false;
        return base;
    }

    /** As when the front-end had not set it up; call and err, which it sets once a connection, stay. */
    void reset() {
        stop();
        size = 0;
        base = 0;
        hasAddresses = false;
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
        int now = virtqueue == null ? base : virtqueue.base();
        return new VringStatus(index, size, now, isStarted, isEnabled || !backEnd.hasProtocolFeatures(), isBroken);
    }
}
