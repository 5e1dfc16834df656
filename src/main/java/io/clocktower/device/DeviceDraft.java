package io.clocktower.device;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A device as an operator asks for it, in the configuration or over REST: not checked yet, and without what goes without
 * saying.
 */
public record DeviceDraft(String name, Optional<Path> socket, Optional<List<Clock>> clocks, Optional<Counter> counter,
        Optional<Duration> pollWindow, Map<String, String> labels) {

    /** A clock; how it smears goes without saying. */
    public record Clock(ClockType type, Optional<Smearing> smearing, boolean alarm) {

        private Smearing smearingOrUsual() {
            return smearing.orElse(type == ClockType.UTC_SMEARED ? Smearing.NOON_LINEAR : Smearing.UNSPECIFIED);
        }
    }

    /** How the guest's cycle counter follows the host's, {@link CounterMapping}. */
    public record Counter(long offset, String ratio, int fractionBits) {

        /**
         * @throws InvalidDeviceException naming the component that cannot be
         */
        public CounterMapping toMapping() {
            try {
                return new CounterMapping(offset, Long.parseUnsignedLong(ratio), fractionBits);
            } catch (NumberFormatException e) {
                throw invalid("ratio", FieldFault.shown(ratio) + ", expected an unsigned 64-bit number");
            } catch (IllegalArgumentException e) {
                FieldFault fault = FieldFault.of(e);
                throw invalid(fault.field().replace("fraction-bits", "fractionBits"), fault.detail());
            }
        }

        private static InvalidDeviceException invalid(String field, String detail) {
            return new InvalidDeviceException(List.of(new FieldFault(field, detail)));
        }
    }

    /** One of which nothing but the name is said. */
    public static DeviceDraft named(String name) {
        return new DeviceDraft(name, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Map.of());
    }

    /**
     * @param socketDirectory where its socket is if it is not said where
     * @throws InvalidDeviceException with all that is wrong with it
     */
    public DeviceSpec toSpec(Path socketDirectory) {
        List<FieldFault> faults = new ArrayList<>();
        List<ClockSpec> specs = clocks.map(asked -> clocks(asked, faults)).orElse(ClockSpec.DEFAULTS);
        Optional<CounterMapping> mapping = counter.flatMap(asked -> mapping(asked, faults));
        Optional<Path> path = socket.or(() -> DeviceRules.isName(name)
                ? Optional.of(socketDirectory.resolve(name + ".sock"))
                : Optional.empty()).map(Path::normalize);
        Duration window = pollWindow.orElse(Duration.ZERO);
        faults.addAll(
                DeviceRules.faults(name, path, clocks.map(List::size).orElse(specs.size()), window, labels));
        if (!faults.isEmpty()) {
            throw new InvalidDeviceException(faults);
        }
        return new DeviceSpec(name, path.orElseThrow(), specs, mapping, window, labels);
    }

    private static List<ClockSpec> clocks(List<Clock> asked, List<FieldFault> faults) {
        List<ClockSpec> specs = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            Clock clock = asked.get(i);
            try {
                specs.add(new ClockSpec(clock.type(), clock.smearingOrUsual(), clock.alarm()));
            } catch (IllegalArgumentException e) {
                faults.add(FieldFault.of("clocks[" + i + "]", e));
            }
        }
        return specs;
    }

    private static Optional<CounterMapping> mapping(Counter asked, List<FieldFault> faults) {
        try {
            return Optional.of(asked.toMapping());
        } catch (InvalidDeviceException e) {
            e.faults().forEach(fault -> faults.add(new FieldFault("counter." + fault.field(), fault.detail())));
            return Optional.empty();
        }
    }
}
