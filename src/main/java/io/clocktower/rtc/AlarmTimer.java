package io.clocktower.rtc;

/**
 * The timer of a device's alarms; there is one for all of them. When it ends it calls {@link RtcDevice#onTime}, and so
 * does every step of the host's clock while it is set.
 */
public interface AlarmTimer {

    /** A timer that never ends. */
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
