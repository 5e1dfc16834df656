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

    public static final int QUEUE_COUNT = 2;
    public static final int REQUESTQ = 0;
    public static final int ALARMQ = 1;
    /** VIRTIO_RTC_F_ALARM, as a mask. */
    public static final long F_ALARM = 1L << 0;

    private static final long FEATURES = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX
            | Feature.RING_PACKED;
    /** What one turn takes on at the most, so that other devices of the thread have theirs. */
    private static final int REQUESTS_A_TURN = 256;
    private static final int DESCRIPTORS_A_TURN = 4096;

    private final Alarms alarms;
    private final RequestHandler handler;
    private final RequestObserver observer;
    private final DescriptorChain chain = new DescriptorChain();

    /**
     * @param clocks in the order of their ids
     * @param timer becomes the device's
     */
    public RtcDevice(List<ServedClock> clocks, HostClock host, AlarmTimer timer, RequestObserver observer,
            AlarmObserver alarmObserver) {
        alarms = new Alarms(clocks, host, timer, alarmObserver);
        handler = new RequestHandler(clocks, host, alarms, observer);
        this.observer = observer;
    }

    /** The features that the device offers: VIRTIO_RTC_F_ALARM if a clock has an alarm. */
    public long features() {
        return FEATURES | (alarms.isEmpty() ? 0 : F_ALARM);
    }

    /** The driver negotiated these features, or none any more. */
    public void onFeatures(long features) {
        alarms.setNegotiated((features & F_ALARM) != 0);
    }

    /**
     * The guest's counter, or null where it is not known. It must not change while a driver is ready: CROSS_CAP is then to
     * answer the same.
     */
    public void setCounter(GuestCounter counter) {
        handler.setCounter(counter);
    }

    /**
     * Uses what the driver made available.
     *
     * @return whether there may be more, left for another turn
     */
    public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
        if (queueIndex == REQUESTQ) {
            return answerRequests(virtqueue);
        }
        if (alarms.isNegotiated()) {
            alarms.sendNotifications(virtqueue);
        }
        return false;
    }

    private boolean answerRequests(Virtqueue requestq) throws VirtqueueException {
        int descriptors = 0;
        long fromNs = System.nanoTime();
        for (int i = 0; i < REQUESTS_A_TURN && descriptors < DESCRIPTORS_A_TURN; i++) {
            if (!requestq.pop(chain)) {
                return false;
            }
            requestq.push(chain, handler.handle(chain));
            descriptors += chain.descriptorCount();
            long nowNs = System.nanoTime();
            observer.onUsed(handler.type(), nowNs - fromNs);
            fromNs = nowNs;
        }
        return true;
    }

    /** The timer ended, the host's clock stepped, or the device's time is another one. */
    public void onTime() {
        alarms.onTime();
    }

    /** The device was reset: alarms are retained, and those that have passed expire anew. */
    public void onReset() {
        alarms.onReset();
    }

    /** Whether the alarmq should be run, for there is a notification to send. */
    public boolean hasNotification() {
        return alarms.isNegotiated() && alarms.isAnyWaiting();
    }

    /** The alarms, of the clocks that have one. */
    public List<AlarmStatus> alarms() {
        return alarms.status();
    }

    /** Rises whenever {@link #alarms} become others; allocates nothing. */
    public long alarmChanges() {
        return alarms.changes();
    }

    /** Has the alarms that the device had before; one whose time has come meanwhile expires. */
    public void restore(List<AlarmStatus> before) {
        alarms.restore(before);
    }

    /**
     * Has the alarm of a clock, which must have one, expire now, whatever its time.
     *
     * @return false if it is not enabled
     */
    public boolean expire(int clockId) {
        return alarms.force(clockId);
    }
}
