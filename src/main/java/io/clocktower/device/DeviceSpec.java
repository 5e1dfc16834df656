package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What an operator asks of a device.
 *
 * @param name unique among the devices of a service
 * @param socket where its front-end connects
 * @param clocks in the order of their ids
 * @param pollWindow how long after a request the rings are polled before the loop sleeps
 * @param labels to select it by
 */
public record DeviceSpec(String name, Path socket, List<ClockSpec> clocks, Duration pollWindow,
        Map<String, String> labels) {

    public DeviceSpec {
        clocks = List.copyOf(clocks);
        labels = Map.copyOf(labels);
    }
}
