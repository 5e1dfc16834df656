package io.clocktower.device;

import java.time.Instant;
import java.util.function.Predicate;

/**
 * Which of the devices that a name has had, and how far it has changed.
 *
 * @param created when it was first made
 * @param revision rises with every change but those of its guest
 */
public record DeviceVersion(Instant created, long revision) {

    /** Expects no version in particular. */
    public static final Predicate<DeviceVersion> ANY = _ -> true;

    DeviceVersion next() {
        return new DeviceVersion(created, revision + 1);
    }
}
