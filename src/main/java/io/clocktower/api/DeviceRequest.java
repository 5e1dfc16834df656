package io.clocktower.api;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import io.clocktower.config.SocketDirectory;
import io.clocktower.device.DeviceDraft;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.FieldFault;
import io.clocktower.device.InvalidDeviceException;
import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A device that is asked for over REST, with the keys of the configuration. */
@Schema(name = "DeviceRequest", description = "A device to be; all but its name goes without saying")
public record DeviceRequest(
        @Schema(required = true, description = "Letters, digits, '.', '_' and '-', to 63", examples = "vm1") String name,
        @Schema(description = "Where its front-end connects, in the service's socket directory; by default the name with .sock", examples = "/run/clocktower/vm1.sock") String socket,
        @Schema(description = "In the order of their ids, to 64; by default utc-smeared with an alarm, tai, monotonic and utc") List<Clock> clocks,
        @Schema(type = SchemaType.STRING, description = "How long after a request the rings are polled before the thread sleeps, to 1 s", examples = "50us") Duration pollWindow,
        @Schema(description = "How the guest's cycle counter follows the host's; by default KVM is asked") Counter counter,
        @Schema(description = "To select the device by, to 64") Map<String, String> labels) {

    /** A clock. */
    @Schema(name = "ClockRequest", description = "A clock to be")
    public record Clock(@Schema(required = true, type = SchemaType.STRING, enumeration = {"utc", "tai", "monotonic",
            "utc-smeared", "utc-maybe-smeared"}) ClockType type,
            @Schema(type = SchemaType.STRING, enumeration = {"noon-linear", "utc-sls",
                    "unspecified"}, description = "By default noon-linear for utc-smeared") Smearing smearing,
            @Schema(description = "Whether the guest can set an alarm on it; by default not") Boolean alarm){}

    /** The guest's cycle counter. */
    @Schema(name = "CounterRequest", description = "The guest's counter is the host's, times ratio / 2^fractionBits, plus offset")
    public record Counter(
            @Schema(required = true, description = "Cycles that are added", examples = "-123456789") Long offset,
            @Schema(description = "The scale, an unsigned 64-bit fixed-point number; by default 1", examples = "1") BigInteger ratio,
            @Schema(description = "How many of the scale's bits are its fraction, 0 to 63; by default 0", examples = "0") Integer fractionBits) {

        /**
         * @throws FieldsException that names each field that is missing (400), or else that cannot be (422)
         */
        CounterMapping toMapping() {
            List<FieldFault> missing = new ArrayList<>();
            require(offset, "offset", "a number of cycles", missing);
            FieldsException.refuse(missing);
            try {
                return draft().toMapping();
            } catch (InvalidDeviceException e) {
                throw FieldsException.impossible(e.faults());
            }
        }

        private DeviceDraft.Counter draft() {
            return new DeviceDraft.Counter(offset, ratio == null ? "1" : ratio.toString(),
                    fractionBits == null ? 0 : fractionBits);
        }
    }

    /**
     * The specification of such a device.
     *
     * @param socketDirectory the service's, in which the socket must be
     * @throws FieldsException that names each field that is missing (400), or else that cannot be (422)
     */
    public DeviceSpec toSpec(Path socketDirectory) {
        List<FieldFault> missing = missing();
        FieldsException.refuse(missing);
        List<FieldFault> faults = new ArrayList<>();
        Optional<Path> path = Optional.ofNullable(socket).flatMap(text -> socketIn(socketDirectory, text, faults));
        DeviceSpec spec = null;
        try {
            spec = draft(path).toSpec(socketDirectory);
        } catch (InvalidDeviceException e) {
            faults.addAll(e.faults());
        }
        if (!faults.isEmpty()) {
            throw FieldsException.impossible(faults);
        }
        return spec;
    }

    private List<FieldFault> missing() {
        List<FieldFault> missing = new ArrayList<>();
        require(name, "name", "a name", missing);
        if (clocks != null) {
            for (int i = 0; i < clocks.size(); i++) {
                Clock clock = clocks.get(i);
                if (require(clock, "clocks[" + i + "]", "a clock", missing)) {
                    require(clock.type(), "clocks[" + i + "].type", "a clock's type", missing);
                }
            }
        }
        if (counter != null) {
            require(counter.offset(), "counter.offset", "a number of cycles", missing);
        }
        if (labels != null) {
            labels.forEach((key, value) -> require(value, "labels." + FieldFault.shown(key), "a text", missing));
        }
        return missing;
    }

    static boolean require(Object value, String field, String expected, List<FieldFault> missing) {
        if (value == null) {
            missing.add(new FieldFault(field, "missing, expected " + expected));
        }
        return value != null;
    }

    private static Optional<Path> socketIn(Path directory, String text, List<FieldFault> faults) {
        try {
            Path path = Path.of(text).normalize();
            Path real = SocketDirectory.resolve(path);
            Path realDirectory = SocketDirectory.resolve(directory);
            if (path.isAbsolute() && real.startsWith(realDirectory) && !real.equals(realDirectory)) {
                return Optional.of(path);
            }
        } catch (InvalidPathException e) {
            // No path is none in the directory.
        }
        faults.add(new FieldFault("socket",
                FieldFault.quoted(text) + ", expected an absolute path in " + FieldFault.shown(directory.toString())));
        return Optional.empty();
    }

    private DeviceDraft draft(Optional<Path> path) {
        return new DeviceDraft(name, path,
                Optional.ofNullable(clocks).map(asked -> asked.stream()
                        .map(clock -> new DeviceDraft.Clock(clock.type(), Optional.ofNullable(clock.smearing()),
                                Boolean.TRUE.equals(clock.alarm())))
                        .toList()),
                Optional.ofNullable(counter).map(Counter::draft),
                Optional.ofNullable(pollWindow), labels == null ? Map.of() : labels);
    }
}
