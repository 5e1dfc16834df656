package io.clocktower.spec;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The specification of a device. It always keeps the rules.
 *
 * @param name unique among the devices of a service
 * @param socket where it listens, or connects to, absolute
 * @param mode which of both it does
 * @param clocks in the order of their ids
 * @param counter how the guest's cycle counter follows the host's, if KVM is not to be asked
 * @param pollWindow how long after a request the rings are polled at the most before the loop sleeps
 * @param features that it offers to the driver
 * @param labels by which operators select it
 */
public record DeviceSpec(String name, Path socket, DeviceMode mode, List<ClockSpec> clocks,
        Optional<CounterMapping> counter, Duration pollWindow, DeviceFeatures features, Map<String, String> labels) {

    /** The poll window of a device for which none is chosen. */
    public static final Duration POLL_WINDOW = Duration.ofNanos(200_000);

    /**
     * @throws InvalidDeviceException with everything that is not valid
     */
    public DeviceSpec {
        clocks = List.copyOf(clocks);
        labels = Map.copyOf(labels);
        List<FieldError> faults = DeviceRules.faults(name, Optional.of(socket), clocks.size(), pollWindow, labels);
        if (!faults.isEmpty()) {
            throw new InvalidDeviceException(faults);
        }
    }

    /** A device that listens. */
    public DeviceSpec(String name, Path socket, List<ClockSpec> clocks, Optional<CounterMapping> counter,
            Duration pollWindow, DeviceFeatures features, Map<String, String> labels) {
        this(name, socket, DeviceMode.LISTEN, clocks, counter, pollWindow, features, labels);
    }

    /** A device that listens, and offers all features. */
    public DeviceSpec(String name, Path socket, List<ClockSpec> clocks, Optional<CounterMapping> counter,
            Duration pollWindow, Map<String, String> labels) {
        this(name, socket, clocks, counter, pollWindow, DeviceFeatures.ALL, labels);
    }

    public DeviceSpec withLabels(Map<String, String> others) {
        return new DeviceSpec(name, socket, mode, clocks, counter, pollWindow, features, others);
    }

    public DeviceSpec withCounter(Optional<CounterMapping> other) {
        return new DeviceSpec(name, socket, mode, clocks, other, pollWindow, features, labels);
    }
}
