package io.clocktower.clock;

import java.util.List;

/**
 * What a clock of a device is to be. VIRTIO 1.4, "Clock Types", "Smearing Variants" and "Control Requests".
 *
 * @param type
 *            the time it serves
 * @param smearing
 *            how it smears; {@link Smearing#UNSPECIFIED} for every type that is not {@link ClockType#UTC_SMEARED}
 * @param alarm
 *            whether a driver can set an alarm on it
 */
public record ClockSpec(ClockType type, Smearing smearing, boolean alarm) {

    /** The clocks of a device that is not told which to have; Linux makes an RTC device only from the first kind. */
    public static final List<ClockSpec> DEFAULTS = List.of(
            new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, false),
            new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, false));

    /**
     * @throws IllegalArgumentException
     *             naming the component and what was expected
     */
    public ClockSpec {
        if (type == null) {
            throw new IllegalArgumentException("type: expected one of " + names(ClockType.values()) + ", got none");
        }
        if (smearing == null) {
            throw new IllegalArgumentException("smearing: expected one of " + names(Smearing.values()) + ", got none");
        }
        if (type != ClockType.UTC_SMEARED && smearing != Smearing.UNSPECIFIED) {
            throw new IllegalArgumentException("smearing: expected " + Words.of(Smearing.UNSPECIFIED)
                    + " for a clock of type " + Words.of(type) + ", as only " + Words.of(ClockType.UTC_SMEARED)
                    + " has a smearing variant, got " + Words.of(smearing));
        }
    }

    private static List<String> names(Enum<?>[] constants) {
        return List.of(constants).stream().map(Words::of).toList();
    }
}
