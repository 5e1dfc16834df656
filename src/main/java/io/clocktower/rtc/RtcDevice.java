package io.clocktower.rtc;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
import io.clocktower.virtqueue.Feature;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.List;

/**
 * An RTC device: its features, its virtqueues, and what it does with them. One thread owns it. VIRTIO 1.4, "RTC Device".
 */
public final class RtcDevice {

    /** The device's number among virtio's. */
    public static final int DEVICE_ID = 17;
    public static final int QUEUE_COUNT = 2;
    public static final long FEATURES = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;

    private static final int REQUESTQ = 0;
    /** What one turn takes on at the most, so that other devices of the thread have theirs. */
    private static final int REQUESTS_A_TURN = 256;
    private static final int DESCRIPTORS_A_TURN = 4096;

    private final RequestHandler handler;
    private final DescriptorChain chain = new DescriptorChain();

    public RtcDevice(List<ServedClock> clocks, HostClock host, RequestObserver observer) {
        handler = new RequestHandler(clocks, host, observer);
    }

    /**
     * Uses what the driver made available.
     *
     * @return whether there may be more, left for another turn
     */
    public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
        if (queueIndex != REQUESTQ) {
            // The alarmq's buffers wait for an alarm, and no clock of this release has one.
            return false;
        }
        int descriptors = 0;
        for (int i = 0; i < REQUESTS_A_TURN && descriptors < DESCRIPTORS_A_TURN; i++) {
            if (!virtqueue.pop(chain)) {
                return false;
            }
            virtqueue.push(chain, handler.handle(chain));
            descriptors += chain.descriptorCount();
        }
        return true;
    }
}
