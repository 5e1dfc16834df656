package io.clocktower.api;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import io.clocktower.config.SocketDirectory;
import io.clocktower.spec.DeviceDraft;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.InvalidDeviceException;
import io.clocktower.spec.Texts;
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

/** A device to create over REST, with the keys of the configuration. */
@Schema(name = "DeviceRequest", description = "Device to create. Only `name` is required.")
public record DeviceRequest(
        @Schema(required = true, description = "1 to 63 letters, digits, '.', '_' and '-'; the first and the last are a letter or a digit", examples = "vm1") String name,
        @Schema(description = "Path of the socket, in the service's socket directory. Default: the name with .sock", examples = "/run/clocktower/vm1.sock") String socket,
        @Schema(type = SchemaType.STRING, enumeration = {
                "listen",
                "connect"}, description = "listen: the front-end connects to the socket; connect: the front-end listens there, and the device connects. Default: listen") DeviceMode mode,
        @Schema(description = "At most 64 clocks, in the order of their ids. Default: utc-smeared with an alarm, tai, monotonic and utc") List<Clock> clocks,
        @Schema(type = SchemaType.STRING, description = "How long the event loop polls the rings after a request at the most before it sleeps: 0s to 1s. Default: 200us", examples = "50us") Duration pollWindow,
        @Schema(description = "How the guest's cycle counter relates to the host's. Default: KVM is asked") Counter counter,
        @Schema(description = "Which features the device offers to the driver. Default: all") Features features,
        @Schema(description = "At most 64 labels, to select the device by") Map<String, String> labels){

    /** A clock. */
    @Schema(name = "ClockRequest", description = "A clock of a device to create")
    public record Clock(@Schema(required = true, type = SchemaType.STRING, enumeration = {"utc", "tai", "monotonic",
            "utc-smeared", "utc-maybe-smeared"}) ClockType type,
            @Schema(type = SchemaType.STRING, enumeration = {"noon-linear", "utc-sls",
                    "unspecified"}, description = "Default: noon-linear for utc-smeared") Smearing smearing,
            @Schema(description = "Whether the guest can set an alarm on it. Default: false") Boolean alarm){}

    /** What is offered to the driver. */
    @Schema(name = "FeaturesRequest", description = "A feature that is false is withheld from the driver, for guests and front-ends that have a bug in it. Default: true")
    public record Features(@Schema(description = "Packed virtqueues") Boolean packed,
            @Schema(description = "Indirect descriptors") Boolean indirect,
            @Schema(description = "Event suppression by index") Boolean eventIndex,
            @Schema(description = "Alarms, if a clock has one") Boolean alarms) {

        private DeviceFeatures toFeatures() {
            return new DeviceFeatures(isOffered(packed), isOffered(indirect), isOffered(eventIndex),
                    isOffered(alarms));
        }

        private static boolean isOffered(Boolean feature) {
            return !Boolean.FALSE.equals(feature);
        }
    }

    /** The guest's cycle counter. */
    @Schema(name = "CounterRequest", description = "The guest's cycle counter is the host's, times ratio / 2^fractionBits, plus offset")
    public record Counter(
            @Schema(required = true, description = "Number of cycles to add", examples = "-123456789") Long offset,
            @Schema(description = "The scale, an unsigned 64-bit fixed-point number other than 0. Default: 1", examples = "1") BigInteger ratio,
            @Schema(description = "How many bits of the scale are its fraction: 0 to 63. Default: 0", examples = "0") Integer fractionBits) {

        /**
         * @throws FieldsException that names each field that is missing (400), or each field that is not valid (422)
         */
        CounterMapping toMapping() {
            List<FieldError> missing = new ArrayList<>();
            require(offset, "offset", "a number of cycles", missing);
            FieldsException.refuse(missing);
            try {
                return draft().toMapping();
            } catch (InvalidDeviceException e) {
                throw FieldsException.invalid(e.faults());
            }
        }

        private DeviceDraft.Counter draft() {
            return new DeviceDraft.Counter(offset, ratio == null ? "1" : ratio.toString(),
                    fractionBits == null ? 0 : fractionBits);
        }
    }

    /**
     * The specification of the device.
     *
     * @param socketDirectory the service's, in which the socket must be
     * @throws FieldsException that names each field that is missing (400), or each field that is not valid (422)
     */
    public DeviceSpec toSpec(Path socketDirectory) {
        List<FieldError> missing = missing();
        FieldsException.refuse(missing);
        List<FieldError> faults = new ArrayList<>();
        Optional<Path> path = Optional.ofNullable(socket).flatMap(text -> socketIn(socketDirectory, text, faults));
        DeviceSpec spec = null;
        try {
            spec = draft(path).toSpec(socketDirectory);
        } catch (InvalidDeviceException e) {
            faults.addAll(e.faults());
        }
        if (!faults.isEmpty()) {
            throw FieldsException.invalid(faults);
        }
        return spec;
    }

    private List<FieldError> missing() {
        List<FieldError> missing = new ArrayList<>();
        require(name, "name", "a name", missing);
        if (clocks != null) {
            for (int i = 0; i < clocks.size(); i++) {
                Clock clock = clocks.get(i);
                if (require(clock, "clocks[" + i + "]", "a clock", missing)) {
                    require(clock.type(), "clocks[" + i + "].type", "the type of the clock", missing);
                }
            }
        }
        if (counter != null) {
            require(counter.offset(), "counter.offset", "a number of cycles", missing);
        }
        if (labels != null) {
            labels.forEach((key, value) -> require(value, "labels." + Texts.shown(key), "a text", missing));
        }
        return missing;
    }

    static boolean require(Object value, String field, String expected, List<FieldError> missing) {
        if (value == null) {
            missing.add(new FieldError(field, "missing, expected " + expected));
        }
        return value != null;
    }

    private static Optional<Path> socketIn(Path directory, String text, List<FieldError> faults) {
        try {
            Path path = Path.of(text).normalize();
            Path real = SocketDirectory.resolve(path);
            Path realDirectory = SocketDirectory.resolve(directory);
            if (path.isAbsolute() && real.startsWith(realDirectory) && !real.equals(realDirectory)) {
                return Optional.of(path);
            }
        } catch (InvalidPathException e) {
            // Not a path, so not one in the directory.
        }
        faults.add(new FieldError("socket",
                Texts.quoted(text) + ", expected an absolute path in " + Texts.shown(directory.toString())));
        return Optional.empty();
    }

    private DeviceDraft draft(Optional<Path> path) {
        return new DeviceDraft(name, path, mode == null ? DeviceMode.LISTEN : mode,
                Optional.ofNullable(clocks).map(asked -> asked.stream()
                        .map(clock -> new DeviceDraft.Clock(clock.type(), Optional.ofNullable(clock.smearing()),
                                Boolean.TRUE.equals(clock.alarm())))
                        .toList()),
                Optional.ofNullable(counter).map(Counter::draft),
                Optional.ofNullable(pollWindow), features == null ? DeviceFeatures.ALL : features.toFeatures(),
                labels == null ? Map.of() : labels);
    }
}
