package io.clocktower.rtc;

/**
 * The one timer of a device's alarms. It ends with a call of {@link RtcDevice#onTime}, as does every step of the host's
 * clock while it is set.
 */
public interface AlarmTimer {

    /** The timer of a device whose alarms nobody waits for. */
    AlarmTimer NONE = new AlarmTimer() {
        @Override
        public void setAfter(long delayNs) {}

        @Override
        public void clear() {}
    };

    /**
     * Sets the timer, in place of what it was set to before.
     *
     * @param delayNs from now, more than 0; {@link Long#MAX_VALUE} only watches for steps of the host's clock
     */
    void setAfter(long delayNs);

    void clear();
}
