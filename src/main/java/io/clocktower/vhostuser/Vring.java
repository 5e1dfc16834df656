package io.clocktower.vhostuser;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
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
    private boolean hasBase;
    private boolean hasAddresses;
    private long descriptorAddress;
    private long driverAddress;
    private long deviceAddress;
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
    }

    void setSize(int size) throws ProtocolException {
        requireStopped();
        RingFormat format = backEnd.ringFormat();
        if (!format.allowsSize(size)) {
            throw new ProtocolException("vring %d: size %s, expected 1 to %d%s".formatted(index,
                    Integer.toUnsignedString(size), RingFormat.MAX_SIZE,
                    format == RingFormat.SPLIT ? " and a power of two" : ""));
        }
        this.size = size;
    }

    void setBase(int base) throws ProtocolException {
        requireStopped();
        if (!backEnd.ringFormat().allowsBase(base)) {
            throw new ProtocolException("vring %d: base %s, expected at most 65535".formatted(index,
                    Integer.toUnsignedString(base)));
        }
        if (wasStopped && base != this.base) {
            // QEMU tells RTC back-ends of no reset, but a ring that goes on elsewhere than it stopped was set up anew.
            backEnd.device().onReset();
        }
        wasStopped = false;
        hasBase = true;
        this.base = base;
    }

    private void requireStopped() throws ProtocolException {
        if (isStarted) {
            throw new ProtocolException("vring %d is running".formatted(index));
        }
    }

    /** User addresses of the parts; vhost-user has the names of a split ring's for both formats. */
    void setAddresses(long descriptor, long available, long used) throws ProtocolException {
        if (locate(Math.max(size, 1), descriptor, available, used).isEmpty()) {
            throw new ProtocolException(
                    "vring %d: descriptor area %#x, driver area %#x or device area %#x is outside the memory regions"
                            .formatted(index, descriptor, available, used));
        }
        descriptorAddress = descriptor;
        driverAddress = available;
        deviceAddress = used;
        hasAddresses = true;
        remap();
    }

    private Optional<RingAreas> locate() {
        return locate(size, descriptorAddress, driverAddress, deviceAddress);
    }

    private Optional<RingAreas> locate(int size, long descriptor, long driver, long device) {
        MemoryTable memory = backEnd.memory();
        RingFormat format = backEnd.ringFormat();
        long features = backEnd.features();
        Optional<MemorySegment> descriptorArea = memory.atUserAddress(descriptor, format.descriptorAreaBytes(size));
        Optional<MemorySegment> driverArea = memory.atUserAddress(driver, format.driverAreaBytes(size, features));
        Optional<MemorySegment> deviceArea = memory.atUserAddress(device, format.deviceAreaBytes(size, features));
        return descriptorArea.isPresent() && driverArea.isPresent() && deviceArea.isPresent()
                ? Optional.of(new RingAreas(size, descriptorArea.get(), driverArea.get(), deviceArea.get()))
                : Optional.empty();
    }

    /** Translates the addresses of a running ring anew, after the memory or the addresses changed. */
    void remap() {
        if (virtqueue == null) {
            return;
        }
        Optional<RingAreas> ring = locate();
        isResting = ring.isEmpty();
        if (!isResting && !isBroken) {
            virtqueue.remap(ring.get(), backEnd.memory());
            if (isAligned()) {
                run();
            } else {
                breakRing(misaligned());
            }
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
                    virtqueue = start();
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

    private Virtqueue start() throws VirtqueueException {
        RingFormat format = backEnd.ringFormat();
        if (!hasAddresses || !format.allowsSize(size)) {
            throw new VirtqueueException("kicked before its size and addresses were set");
        }
        if (!isAligned()) {
            throw new VirtqueueException(misaligned());
        }
        RingAreas areas = locate()
                .orElseThrow(() -> new VirtqueueException("its addresses are outside the memory regions"));
        return format.open(areas, backEnd.memory(), backEnd.features(), hasBase ? base : format.initialBase());
    }

    private boolean isAligned() {
        return backEnd.ringFormat().isAligned(descriptorAddress, driverAddress, deviceAddress);
    }

    private String misaligned() {
        return "descriptor area %#x, driver area %#x or device area %#x is not aligned".formatted(descriptorAddress,
                driverAddress, deviceAddress);
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
            base = virtqueue.base();
            hasBase = true;
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
        hasBase = false;
        wasStopped = false;
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
