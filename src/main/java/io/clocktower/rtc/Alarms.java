package io.clocktower.rtc;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostMoment;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
import io.clocktower.virtqueue.TurnBudget;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The alarms of a device's clocks, the timer that they share, and the notifications of their expirations. They outlive
 * resets and connections. VIRTIO 1.4, "Alarm Operation", "Alarm Notifications".
 *
 * <pre>
 * struct virtio_rtc_notif_alarm
 *    0 le16 msg_type
 *    2 u8 reserved[6]
 *    8 le16 clock_id
 *   10 u8 reserved[6]
 * </pre>
 */
final class Alarms {

    private static final int NOTIF_ALARM = 0x2000;
    private static final int NOTIFICATION_BYTES = 16;
    private static final int MSG_TYPE = 0;
    private static final int CLOCK_ID = 1;

    private final List<ServedClock> clocks;
    private final HostClock host;
    /** One reading of the host for all that happens at a time: no alarm is reached between the check and its timer. */
    private final HostMoment now = new HostMoment();
    private final AlarmTimer timer;
    private final AlarmObserver observer;
    /** By clock; null where the clock has none. */
    private final Alarm[] alarms;
    private final DescriptorChain chain = new DescriptorChain();
    private final TurnBudget budget = new TurnBudget();
    private boolean isNegotiated;
    private long changes;
    /** In words. */
    private final long[] notification = new long[NOTIFICATION_BYTES / Long.BYTES];

    Alarms(List<ServedClock> clocks, HostClock host, AlarmTimer timer, AlarmObserver observer) {
        this.clocks = clocks;
        this.host = host;
        this.timer = timer;
        this.observer = observer;
        alarms = clocks.stream().map(clock -> clock.spec().alarm() ? new Alarm() : null).toArray(Alarm[]::new);
        notification[MSG_TYPE] = NOTIF_ALARM;
    }

    /** Whether a clock has an alarm. */
    boolean has(int clockId) {
        return alarms[clockId] != null;
    }

    /** Whether the driver negotiated VIRTIO_RTC_F_ALARM. */
    boolean isNegotiated() {
        return isNegotiated;
    }

    void setNegotiated(boolean isNegotiated) {
        this.isNegotiated = isNegotiated;
        chain.forget();
    }

    boolean isEmpty() {
        return IntStream.range(0, alarms.length).noneMatch(this::has);
    }

    long timeNs(int clockId) {
        return alarms[clockId].timeNs();
    }

    boolean isEnabled(int clockId) {
        return alarms[clockId].isEnabled();
    }

    void set(int clockId, long timeNs, boolean isEnabled) {
        now.take(host);
        boolean isExpired = alarms[clockId].set(timeNs, isEnabled, readNs(clockId));
        changes++;
        observer.onSet(clockId);
        observe(clockId, isExpired);
        setTimer();
    }

    void setEnabled(int clockId, boolean isEnabled) {
        now.take(host);
        boolean isExpired = alarms[clockId].setEnabled(isEnabled, readNs(clockId));
        changes++;
        observer.onSet(clockId);
        observe(clockId, isExpired);
        setTimer();
    }

    /** Reads the clocks again: time advanced, or the mapping from the host's time to the clocks' time changed. */
    void onTime() {
        now.take(host);
        for (int id = 0; id < alarms.length; id++) {
            if (has(id)) {
                boolean wasReached = alarms[id].isReached();
                observe(id, alarms[id].onReading(readNs(id)));
                if (alarms[id].isReached() != wasReached) {
                    changes++;
                }
            }
        }
        setTimer();
    }

    void onReset() {
        now.take(host);
        for (int id = 0; id < alarms.length; id++) {
            if (has(id)) {
                observe(id, alarms[id].onReset(readNs(id)));
            }
        }
        changes++;
        setTimer();
    }

    private void observe(int clockId, boolean isExpired) {
        if (isExpired) {
            observer.onExpired(clockId);
        }
        observer.onChange(clockId, alarms[clockId].isPending(), alarms[clockId].isWaiting());
    }

    private long readNs(int clockId) {
        return clocks.get(clockId).readNs(now);
    }

    /**
     * An enabled alarm that has passed needs the timer too: it expires again if the clock is set back and passes it once
     * more.
     */
    private void setTimer() {
        boolean isAnyEnabled = false;
        long delayNs = Long.MAX_VALUE;
        for (int id = 0; id < alarms.length; id++) {
            if (has(id) && isEnabled(id)) {
                isAnyEnabled = true;
                delayNs = Math.min(delayNs, clocks.get(id).nsUntilLook(alarms[id].timeNs(), now));
            }
        }
        if (isAnyEnabled) {
            timer.setAfter(delayNs);
        } else {
            timer.clear();
        }
    }

    /** Whether an expiration waits for its notification. */
    boolean isAnyWaiting() {
        for (Alarm alarm : alarms) {
            if (alarm != null && alarm.isWaiting()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sends the notifications that wait, as far as there are buffers for them. A buffer that is too small is returned
     * unused.
     *
     * @return whether the turn's budget ended before the buffers or the notifications did
     */
    boolean sendNotifications(Virtqueue alarmq) throws VirtqueueException {
        budget.begin();
        for (int id = 0; id < alarms.length; id++) {
            while (has(id) && alarms[id].isWaiting()) {
                if (budget.isSpent() || !alarmq.pop(chain, budget)) {
                    return budget.isSpent();
                }
                if (chain.writableBytes() < NOTIFICATION_BYTES) {
                    alarmq.push(chain, 0);
                    continue;
                }
                notification[CLOCK_ID] = id;
                chain.write(notification, NOTIFICATION_BYTES);
                alarmq.push(chain, NOTIFICATION_BYTES);
                alarms[id].onNotified();
                changes++;
                observer.onDelivered(id);
                observe(id, false);
            }
        }
        return false;
    }

    /** Increases whenever {@link #status} changes. */
    long changes() {
        return changes;
    }

    List<AlarmStatus> status() {
        return IntStream.range(0, alarms.length).filter(this::has).mapToObj(id -> alarms[id].status(id)).toList();
    }

    /** Expires an enabled alarm now; false if it is not enabled. */
    boolean force(int clockId) {
        if (!isEnabled(clockId)) {
            return false;
        }
        alarms[clockId].force();
        changes++;
        observe(clockId, false);
        return true;
    }

    /** Restores alarms from their status, for the clocks that still have one. */
    void restore(List<AlarmStatus> before) {
        before.stream().filter(alarm -> alarm.clockId() < alarms.length && has(alarm.clockId()))
                .forEach(alarm -> alarms[alarm.clockId()] = new Alarm(alarm));
        onTime();
    }
}
