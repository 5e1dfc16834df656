package io.clocktower.rtc;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
import io.clocktower.virtqueue.Feature;
import io.clocktower.virtqueue.TurnBudget;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.List;
import java.util.function.LongSupplier;

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

    private final Alarms alarms;
    private final RequestHandler handler;
    private final RequestRun run;
    private final DescriptorChain chain = new DescriptorChain();
    private final TurnBudget budget = new TurnBudget();

    /**
     * @param clocks in the order of their ids
     * @param monotonic a monotonic clock, in nanoseconds, for how long requests take
     * @param timer becomes the device's
     */
    public RtcDevice(List<ServedClock> clocks, HostClock host, LongSupplier monotonic, AlarmTimer timer,
            RequestObserver observer, AlarmObserver alarmObserver) {
        alarms = new Alarms(clocks, host, timer, alarmObserver);
        handler = new RequestHandler(clocks, host, alarms);
        run = new RequestRun(observer, monotonic);
    }

    /** The features that the device offers: VIRTIO_RTC_F_ALARM if a clock has an alarm. */
    public long features() {
        return FEATURES | (alarms.isEmpty() ? 0 : F_ALARM);
    }

    /** The driver negotiated these features; 0 after a reset. */
    public void onFeatures(long features) {
        alarms.setNegotiated((features & F_ALARM) != 0);
        chain.forget();
    }

    /**
     * Sets the guest's counter, or null if it is not known. It must not change while a driver is ready, because the answer
     * to CROSS_CAP must stay the same.
     */
    public void setCounter(GuestCounter counter) {
        handler.setCounter(counter);
    }

    /**
     * Uses the buffers that the driver made available.
     *
     * @return whether the turn's budget ended first: the rest is for the next turn
     */
    public boolean onAvailable(int queueIndex, Virtqueue virtqueue) throws VirtqueueException {
        if (queueIndex == REQUESTQ) {
            return answerRequests(virtqueue);
        }
        return alarms.isNegotiated() && alarms.sendNotifications(virtqueue);
    }

    /** Answers all that one look has found available with one reading of the clocks, taken after that look. */
    private boolean answerRequests(Virtqueue requestq) throws VirtqueueException {
        budget.begin();
        run.begin();
        try {
            boolean isMoreLeft = answerWithinBudget(requestq);
            // The driver may be waiting for that; to count can wait.
            requestq.show();
            return isMoreLeft;
        } finally {
            run.end();
        }
    }

    private boolean answerWithinBudget(Virtqueue requestq) throws VirtqueueException {
        handler.beginBatch();
        int looks = requestq.looks();
        while (!budget.isSpent()) {
            if (!requestq.pop(chain, budget)) {
                return budget.isSpent();
            }
            if (requestq.looks() != looks) {
                looks = requestq.looks();
                handler.beginBatch();
            }
            run.beginRequest(handler.take(chain));
            requestq.push(chain, handler.answer(chain));
            run.endRequest(handler.status(), handler.readClock());
        }
        return true;
    }

    /** The timer ended, the host's clock stepped, or a change was made to the device's time. */
    public void onTime() {
        alarms.onTime();
    }

    /** The device was reset: alarms are retained, and those that have passed expire again. */
    public void onReset() {
        alarms.onReset();
    }

    /** Whether a notification waits, for which the alarmq should be run. */
    public boolean hasNotification() {
        return alarms.isNegotiated() && alarms.isAnyWaiting();
    }

    /** The alarms, of the clocks that have one. */
    public List<AlarmStatus> alarms() {
        return alarms.status();
    }

    /** Increases whenever {@link #alarms} changes. Allocates nothing. */
    public long alarmChanges() {
        return alarms.changes();
    }

    /** Restores the alarms that the device had before. One whose time has come since then expires. */
    public void restore(List<AlarmStatus> before) {
        alarms.restore(before);
    }

    /**
     * Expires the alarm of a clock now, whatever its time. The clock must have an alarm.
     *
     * @return false if it is not enabled
     */
    public boolean expire(int clockId) {
        return alarms.force(clockId);
    }
}
