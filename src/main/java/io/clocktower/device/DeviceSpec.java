package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator asks of a device. There is none that breaks a rule.
 *
 * @param name unique among the devices of a service
 * @param socket where its front-end connects, absolute
 * @param clocks in the order of their ids
 * @param counter how the guest's cycle counter follows the host's, if it is not to be asked of KVM
 * @param pollWindow how long after a request the rings are polled before the loop sleeps
 * @param labels to select it by
 */
public record DeviceSpec(String name, Path socket, List<ClockSpec> clocks, Optional<CounterMapping> counter,
        Duration pollWindow, Map<String, String> labels) {

    /**
     * @throws InvalidDeviceException with all that is wrong
     */
    public DeviceSpec {
        clocks = List.copyOf(clocks);
        labels = Map.copyOf(labels);
        List<FieldFault> faults = DeviceRules.faults(name, Optional.of(socket), clocks.size(), pollWindow, labels);
        if (!faults.isEmpty()) {
            throw new InvalidDeviceException(faults);
        }
    }

    DeviceSpec withLabels(Map<String, String> others) {
        return new DeviceSpec(name, socket, clocks, counter, pollWindow, others);
    }

    DeviceSpec withCounter(Optional<CounterMapping> other) {
        return new DeviceSpec(name, socket, clocks, other, pollWindow, labels);
    }
}
