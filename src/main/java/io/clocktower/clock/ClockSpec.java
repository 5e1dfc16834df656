package io.clocktower.clock;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A clock of a device, as specified. VIRTIO 1.4, "Clock Types", "Smearing Variants" and "Control Requests".
 *
 * @param type
 *            the time it serves
 * @param smearing
 *            how it smears; {@link Smearing#UNSPECIFIED} for every type that is not {@link ClockType#UTC_SMEARED}
 * @param alarm
 *            whether a driver can set an alarm on it
 */
public record ClockSpec(ClockType type, Smearing smearing, boolean alarm) {

    /** The clocks of a device unless it is configured otherwise. Linux makes an RTC device only from the first kind. */
    public static final List<ClockSpec> DEFAULTS = List.of(
            new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, false),
            new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, false));

    /**
     * @throws InvalidComponentException
     *             if a component is not valid
     */
    public ClockSpec {
        if (type == null) {
            throw missing("type", ClockType.values());
        }
        if (smearing == null) {
            throw missing("smearing", Smearing.values());
        }
        if (type != ClockType.UTC_SMEARED && smearing != Smearing.UNSPECIFIED) {
            throw new InvalidComponentException("smearing", Words.of(smearing) + ", expected "
                    + Words.of(Smearing.UNSPECIFIED) + " for a clock of type " + Words.of(type) + ": only "
                    + Words.of(ClockType.UTC_SMEARED) + " clocks have a smearing variant");
        }
    }

    private static InvalidComponentException missing(String component, Enum<?>[] constants) {
        return new InvalidComponentException(component,
                "missing, expected one of " + Stream.of(constants).map(Words::of).collect(Collectors.joining(", ")));
    }
}
