package io.clocktower.spec;

import java.time.Instant;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Names one content of a device: no other content has the same version, of this device, of another device of its name,
 * or in another run of the service.
 *
 * @param created when the device was first created
 * @param epoch drawn when the device is created and when it is restored, as the last revisions of an earlier run may
 *     not be on disk
 * @param revision rises with every change, except those that the guest makes
 */
public record DeviceVersion(Instant created, String epoch, long revision) {

    /** Expects no version in particular. */
    public static final Predicate<DeviceVersion> ANY = _ -> true;

    /** Of a device that is created now. */
    public static DeviceVersion first(Instant now) {
        return restored(now, 1);
    }

    /** Of a device that continues what an earlier run of the service kept. */
    public static DeviceVersion restored(Instant created, long revision) {
        return new DeviceVersion(created,
                Long.toUnsignedString(UUID.randomUUID().getMostSignificantBits(), Character.MAX_RADIX), revision);
    }

    public DeviceVersion next() {
        return new DeviceVersion(created, epoch, revision + 1);
    }
}
