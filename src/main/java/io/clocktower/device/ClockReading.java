package io.clocktower.device;

/**
 * What one clock of a device shows at one time, in nanoseconds since its epoch.
 *
 * @param trueNs if nothing were injected
 * @param servedNs to the guest
 */
public record ClockReading(int clockId, long trueNs, long servedNs) {

    /** How far the guest is led from true time. */
    public long offsetNs() {
        return servedNs - trueNs;
    }
}
