package io.clocktower.fault;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import java.math.BigInteger;
import java.util.Optional;

/**
 * What one clock of a device shows at one time, in unsigned nanoseconds since its epoch;
 * {@link ServedClock#UNREPRESENTABLE} if its time is out of range.
 *
 * @param trueNs without faults
 * @param servedNs to the guest
 */
public record ClockReading(int clockId, long trueNs, long servedNs) {

    public static ClockReading of(int clockId, ServedClock clock, HostClock host) {
        return new ClockReading(clockId, clock.trueNs(host), clock.readNs(host));
    }

    /** How far the guest is led from true time; nothing if either is out of range. */
    public Optional<BigInteger> offsetNs() {
        return ServedClock.isRepresentable(servedNs) && ServedClock.isRepresentable(trueNs)
                ? Optional.of(unsigned(servedNs).subtract(unsigned(trueNs)))
                : Optional.empty();
    }

    private static BigInteger unsigned(long ns) {
        return new BigInteger(Long.toUnsignedString(ns));
    }
}
