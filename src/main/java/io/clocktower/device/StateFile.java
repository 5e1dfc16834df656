package io.clocktower.device;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Effect;
import io.clocktower.rtc.AlarmStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The file in which a device is kept, in JSON. Nanoseconds on clocks are unsigned and written as if they were signed.
 *
 * @param format of the file
 * @param bootId of the host's boot to which the faults' {@code startNs} belong
 * @param isConfigured whether the device's specification is the configuration's, which then prevails
 * @param floorsNs by clock, what a monotonic one must not show less than while this boot lasts
 */
record StateFile(int format, String bootId, boolean isConfigured, DeviceVersion version, Device device,
        List<Fault> faults, Map<Integer, Long> floorsNs, List<AlarmStatus> alarms) {

    static final int FORMAT = 1;

    private static final JsonMapper JSON = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule())
            .addMixIn(Effect.class, EffectType.class).addMixIn(Fault.class, Derived.class)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * @throws IllegalArgumentException if its parts do not belong together
     */
    StateFile {
        faults = List.copyOf(faults);
        floorsNs = Map.copyOf(floorsNs);
        alarms = List.copyOf(alarms);
        int count = device.spec().clocks().size();
        for (Fault fault : faults) {
            fault.clock().ifPresent(id -> requireClock("fault " + fault.id(), id, count));
            fault.anchorsNs().keySet().forEach(id -> requireClock("fault " + fault.id(), id, count));
            if (!Faults.isLength(fault.duration())) {
                throw new IllegalArgumentException("fault %s lasts %s".formatted(fault.id(), fault.duration().get()));
            }
        }
        floorsNs.keySet().forEach(id -> requireClock("a floor", id, count));
        alarms.forEach(alarm -> requireClock("an alarm", alarm.clockId(), count));
    }

    private static void requireClock(String what, int id, int count) {
        if (id < 0 || id >= count) {
            throw new IllegalArgumentException("%s is of clock %d of %d".formatted(what, id, count));
        }
    }

    /** The specification of the device, as of {@link DeviceSpec}. */
    record Device(String name, String socket, List<ClockSpec> clocks, Optional<CounterMapping> counter,
            Duration pollWindow, Map<String, String> labels) {

        static Device of(DeviceSpec spec) {
            return new Device(spec.name(), spec.socket().toString(), spec.clocks(), spec.counter(), spec.pollWindow(),
                    spec.labels());
        }

        DeviceSpec spec() {
            return new DeviceSpec(name, Path.of(socket), clocks, counter, pollWindow, labels);
        }
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({@JsonSubTypes.Type(value = Effect.Step.class, name = "step"),
            @JsonSubTypes.Type(value = Effect.SetTime.class, name = "set"),
            @JsonSubTypes.Type(value = Effect.Drift.class, name = "drift"),
            @JsonSubTypes.Type(value = Effect.Slew.class, name = "slew"),
            @JsonSubTypes.Type(value = Effect.Freeze.class, name = "freeze"),
            @JsonSubTypes.Type(value = Effect.Jitter.class, name = "jitter"),
            @JsonSubTypes.Type(value = Effect.Strobe.class, name = "strobe"),
            @JsonSubTypes.Type(value = Effect.LeapSecond.class, name = "leap-second")})
    private interface EffectType {}

    @JsonInclude(JsonInclude.Include.ALWAYS)
    private interface Derived {
        @JsonIgnore
        boolean isActive();
    }

    static byte[] write(DeviceRecord record, String bootId) {
        try {
            return JSON.writeValueAsBytes(new StateFile(FORMAT, bootId, record.isConfigured(),
                    record.version(), Device.of(record.spec()), record.faults().list(), record.faults().floorsNs(),
                    record.alarms()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and numbers can be written", e);
        }
    }

    /**
     * @throws IOException if it is none of ours, or not whole
     */
    static StateFile read(byte[] content) throws IOException {
        JsonNode file = JSON.readTree(content);
        if (!IntNode.valueOf(FORMAT).equals(file.get("format"))) {
            throw new IOException("its format is %s, expected %d".formatted(file.get("format"), FORMAT));
        }
        return JSON.treeToValue(file, StateFile.class);
    }
}
