package io.clocktower.clock;

/**
 * How a guest's cycle counter follows the host's: by a scale and an offset, as processors with hardware virtualisation
 * apply them. Counters are unsigned 64-bit numbers that wrap.
 *
 * @param offset added to the host's counter after scaling
 * @param ratio the scale, a fixed-point number, unsigned
 * @param fractionBits how many of the scale's bits are its fraction, 0 to 63
 */
public record CounterMapping(long offset, long ratio, int fractionBits) {

    /** The mapping for a guest whose counter runs as fast as the host's. */
    public static CounterMapping unscaled(long offset) {
        return new CounterMapping(offset, 1, 0);
    }

    /**
     * @throws InvalidComponentException if a component is not valid
     */
    public CounterMapping {
        if (ratio == 0) {
            throw new InvalidComponentException("ratio", "0, expected 1 or more");
        }
        if (fractionBits < 0 || fractionBits > 63) {
            throw new InvalidComponentException("fractionBits", fractionBits + ", expected 0 to 63");
        }
    }

    /** The guest's counter when the host's has this value. */
    public long guestCycles(long hostCycles) {
        long low = hostCycles * ratio;
        long scaled = fractionBits == 0
                ? low
                : Math.unsignedMultiplyHigh(hostCycles, ratio) << Long.SIZE - fractionBits | low >>> fractionBits;
        return scaled + offset;
    }
}
