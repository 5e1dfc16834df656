package io.clocktower.vhostuser;

import io.clocktower.linux.Mmap;
import io.clocktower.linux.Polled;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.MemoryTable;
import io.clocktower.memory.UntouchedMemoryException;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;

/** A ring that has been started: its virtqueue, and what the device does with it in a turn. */
final class OpenRing {

    private final int index;
    private final Virtqueue virtqueue;
    private final VirtioDevice device;
    private final CallEvent call;
    private final Reactor reactor;
    private final Polled polled;
    private final long pollWindowNs;

    /**
     * @param polled who looks at the ring while it is polled
     * @param pollWindowNs how long after a request it is polled at the most
     */
    OpenRing(int index, Virtqueue virtqueue, VirtioDevice device, CallEvent call, Reactor reactor, Polled polled,
            long pollWindowNs) {
        this.index = index;
        this.virtqueue = virtqueue;
        this.device = device;
        this.call = call;
        this.reactor = reactor;
        this.polled = polled;
        this.pollWindowNs = pollWindowNs;
    }

    int base() {
        return virtqueue.base();
    }

    void remap(RingAreas areas, MemoryTable memory) {
        virtqueue.remap(areas, memory);
    }

    /** Whether there is something to use, or an error to find. This only looks. */
    boolean isReady() {
        return virtqueue.isReady();
    }

    /**
     * Has the device use what is available.
     *
     * @return whether there is something for the next turn, without a kick: the driver's notifications are off. They are off
     *         too while the reactor polls the ring
     */
    boolean use() throws VirtqueueException {
        int before = virtqueue.base();
        virtqueue.disableNotifications();
        if (letDeviceUse(before)) {
            return true;
        }
        if (virtqueue.base() != before && reactor.poll(polled, pollWindowNs)) {
            return false;
        }
        reactor.unpoll(polled);
        return isWantedMoreAvailable(before);
    }

    /**
     * Enables notifications, and answers whether the device has something to use that came before. Buffers that it leaves
     * where they are do not count: their driver would keep this thread awake for ever.
     */
    private boolean isWantedMoreAvailable(int before) throws VirtqueueException {
        if (!virtqueue.enableNotifications()) {
            return false;
        }
        if (virtqueue.base() != before) {
            return true;
        }
        return letDeviceUse(before) || virtqueue.base() != before;
    }

    /** Has the device use what is available, notifies the driver, and returns whether the device left some for later. */
    private boolean letDeviceUse(int before) throws VirtqueueException {
        try {
            return device.onAvailable(index, virtqueue);
        } finally {
            if (virtqueue.base() != before) {
                call.onUsed(virtqueue.publish());
            }
        }
    }

    /** Goes on where another process stopped that had the ring in between, and has ended. */
    void catchUp() throws VirtqueueException {
        boolean isCallOwed = virtqueue.catchUp();
        Mmap.settle();
        if (isCallOwed) {
            call.signal();
        }
    }

    /** Why a ring cannot go on, for the log. */
    static String reason(Throwable failure) {
        return switch (failure) {
            case VirtqueueException broken -> broken.getMessage();
            case UntouchedMemoryException spent -> spent.getMessage();
            case InternalError truncated -> "the guest's memory is gone: " + truncated.getMessage();
            default -> "unexpected " + failure;
        };
    }

    /**
     * Leaves the driver's notifications on, for the ring is not looked at any more.
     *
     * @return whether a buffer is left; false also where the memory is gone
     */
    boolean leaveNotificationsOn() {
        try {
            boolean isLeft = virtqueue.leaveNotificationsOn();
            Mmap.settle();
            return isLeft;
        } catch (InternalError e) {
            // The front-end truncated the memory, so its driver cannot use the ring either.
            return false;
        }
    }
}
