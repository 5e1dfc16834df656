package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.StatusPages;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.LabelSelector;
import io.clocktower.status.DeviceStatus;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.ServiceUnavailableException;
import java.util.List;

/** Asks devices for their statuses, in the exceptions of REST. */
final class Answer {

    private Answer() {}

    /** The status of a device, which must exist. */
    static DeviceStatus status(DeviceHost devices, String name) {
        try {
            return devices.status(name);
        } catch (DeviceException e) {
            throw e.reason() == DeviceException.Reason.NOT_FOUND
                    ? new NotFoundException(e.getMessage())
                    : new ServiceUnavailableException(e.getMessage());
        }
    }

    /** The statuses of the devices that have all the labels, sorted by name, page by page. */
    static StatusPages select(DeviceHost devices, List<String> labels) {
        LabelSelector selector = LabelQuery.selector(labels);
        return devices.statuses(device -> selector.matches(device.labels()));
    }

    /** Rejects the id of a clock that the device does not have. */
    static void requireClock(DeviceSpec device, int clock) {
        if (clock < 0 || clock >= device.clocks().size()) {
            throw new NotFoundException("Device %s has no clock %d; it has 0 to %d.".formatted(device.name(), clock,
                    device.clocks().size() - 1));
        }
    }
}
