package io.clocktower.spec;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.clock.Smearing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A device as an operator asks for it, in the configuration or over REST: not checked yet, and without the defaults.
 */
public record DeviceDraft(String name, Optional<Path> socket, DeviceMode mode, Optional<List<Clock>> clocks,
        Optional<Counter> counter, Optional<Duration> pollWindow, DeviceFeatures features, Map<String, String> labels) {

    /** A device that listens, and offers all features. */
    public DeviceDraft(String name, Optional<Path> socket, Optional<List<Clock>> clocks, Optional<Counter> counter,
            Optional<Duration> pollWindow, Map<String, String> labels) {
        this(name, socket, DeviceMode.LISTEN, clocks, counter, pollWindow, DeviceFeatures.ALL, labels);
    }

    /** A clock. The default of its smearing depends on its type. */
    public record Clock(ClockType type, Optional<Smearing> smearing, boolean alarm) {

        private Smearing smearingOrDefault() {
            return smearing.orElse(type == ClockType.UTC_SMEARED ? Smearing.NOON_LINEAR : Smearing.UNSPECIFIED);
        }
    }

    /** How the guest's cycle counter follows the host's, {@link CounterMapping}. */
    public record Counter(long offset, String ratio, int fractionBits) {

        /**
         * @throws InvalidDeviceException with the component that is not valid
         */
        public CounterMapping toMapping() {
            try {
                return new CounterMapping(offset, Long.parseUnsignedLong(ratio), fractionBits);
            } catch (NumberFormatException e) {
                throw invalid("ratio", Texts.shown(ratio) + ", expected an unsigned 64-bit number");
            } catch (InvalidComponentException e) {
                throw invalid(e.component(), e.detail());
            }
        }

        private static InvalidDeviceException invalid(String field, String detail) {
            return new InvalidDeviceException(List.of(new FieldError(field, detail)));
        }
    }

    /** A device with all defaults. */
    public static DeviceDraft named(String name) {
        return new DeviceDraft(name, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Map.of());
    }

    /**
     * @param socketDirectory the directory of its socket, if the draft has none
     * @throws InvalidDeviceException with everything that is not valid
     */
    public DeviceSpec toSpec(Path socketDirectory) {
        List<FieldError> faults = new ArrayList<>();
        List<ClockSpec> specs = clocks.map(asked -> clocks(asked, faults)).orElse(ClockSpec.DEFAULTS);
        Optional<CounterMapping> mapping = counter.flatMap(asked -> mapping(asked, faults));
        Optional<Path> path = socket.or(() -> Names.isName(name)
                ? Optional.of(socketDirectory.resolve(name + ".sock"))
                : Optional.empty()).map(Path::normalize);
        Duration window = pollWindow.orElse(DeviceSpec.POLL_WINDOW);
        faults.addAll(
                DeviceRules.faults(name, path, clocks.map(List::size).orElse(specs.size()), window, labels));
        if (!faults.isEmpty()) {
            throw new InvalidDeviceException(faults);
        }
        return new DeviceSpec(name, path.orElseThrow(), mode, specs, mapping, window, features, labels);
    }

    private static List<ClockSpec> clocks(List<Clock> asked, List<FieldError> faults) {
        List<ClockSpec> specs = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            Clock clock = asked.get(i);
            try {
                specs.add(new ClockSpec(clock.type(), clock.smearingOrDefault(), clock.alarm()));
            } catch (InvalidComponentException e) {
                faults.add(FieldError.of(e).in("clocks[" + i + "]"));
            }
        }
        return specs;
    }

    private static Optional<CounterMapping> mapping(Counter asked, List<FieldError> faults) {
        try {
            return Optional.of(asked.toMapping());
        } catch (InvalidDeviceException e) {
            e.faults().forEach(fault -> faults.add(new FieldError("counter." + fault.field(), fault.detail())));
            return Optional.empty();
        }
    }
}
