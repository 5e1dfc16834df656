package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
import io.clocktower.device.FieldFault;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.ServiceUnavailableException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what an event loop answers, but not for ever. */
final class Answer {

    private static final long DEADLINE_MS = 2_000;

    private Answer() {}

    /** The status of a device that there must be. */
    static DeviceStatus status(DeviceHost devices, String name) {
        return devices.status(name).map(Answer::await)
                .orElseThrow(() -> new NotFoundException("There is no device " + FieldFault.shown(name) + "."));
    }

    /** The statuses of the devices with all of some labels, in the order of their names. */
    static List<DeviceStatus> select(DeviceHost devices, List<String> labels) {
        return await(devices.statuses(LabelSelector.of(labels)));
    }

    private static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new ServiceUnavailableException("The device's event loop did not answer within 2 s.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceUnavailableException("The service is stopping.");
        }
    }

    /** Refuses a clock that the device does not have. */
    static void requireClock(DeviceStatus device, int clock) {
        if (clock < 0 || clock >= device.clocks().size()) {
            throw new NotFoundException("Device %s has no clock %d; it has 0 to %d.".formatted(device.name(), clock,
                    device.clocks().size() - 1));
        }
    }
}
