package io.clocktower.hosted;

import io.clocktower.state.DeviceRecord;
import io.clocktower.status.DeviceStatus;
import java.util.Optional;

/**
 * A change of a device before it is made.
 *
 * @param next the device after it
 * @param unchanged the device as it stays, if the change changes nothing
 * @param changes how many changes operators had made before
 */
public record PreparedChange(DeviceRecord now, DeviceRecord next, Optional<DeviceStatus> unchanged, long changes) {}
