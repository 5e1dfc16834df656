package io.clocktower.state;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Effect;
import io.clocktower.fault.EffectKind;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.Texts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The file that keeps a device, in JSON. Nanoseconds on clocks are unsigned, and are written as if they were signed.
 *
 * @param format of the file
 * @param bootId the boot of the host that the faults' {@code startNs} count from; empty if it is unknown
 * @param isConfigured whether the specification is that of the configuration, which then takes precedence
 * @param floorsNs by clock, the least that a monotonic one may show as long as this boot lasts
 */
public record StateFile(int format, String bootId, boolean isConfigured, Version version, Device device,
        List<Fault> faults, Map<Integer, Long> floorsNs, List<AlarmStatus> alarms) {

    static final int FORMAT = 1;
    private static final int MAX_ERROR = 200;

    private static final JsonMapper JSON = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule())
            .registerSubtypes(EffectKind.ALL.stream().map(kind -> new NamedType(kind.effect(), kind.name()))
                    .toArray(NamedType[]::new))
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
    public StateFile {
        floorsNs = Map.copyOf(floorsNs);
        alarms = List.copyOf(alarms);
        faults = List.copyOf(faults);
        int count = device.clocks().size();
        floorsNs.keySet().forEach(id -> requireClock("a floor", id, count));
        alarms.forEach(alarm -> requireClock("an alarm", alarm.clockId(), count));
        for (Fault fault : faults) {
            fault.clock().ifPresent(id -> requireClock("it", id, count));
            fault.anchorsNs().keySet().forEach(id -> requireClock("it", id, count));
            fault.targetsNs().keySet().forEach(id -> requireClock("it", id, count));
            if (!Faults.isLength(fault.duration())) {
                throw new IllegalArgumentException("its duration is " + fault.duration().get());
            }
        }
        device.spec();
    }

    private static void requireClock(String what, int id, int count) {
        if (id < 0 || id >= count) {
            throw new IllegalArgumentException("%s is of clock %d, but there are %d clocks".formatted(what, id, count));
        }
    }

    /** What outlives the service of a {@link DeviceVersion}. */
    public record Version(Instant created, long revision) {}

    /** A fault with the members that earlier releases did not write. */
    private static JsonNode completed(JsonNode fault) {
        if (fault instanceof ObjectNode object && !object.has("targetsNs")) {
            object.putObject("targetsNs");
        }
        if (fault instanceof ObjectNode object && !object.has("isPaused")) {
            object.put("isPaused", false).put("onBehalfOf", "");
        }
        if (fault.path("effect") instanceof ObjectNode effect && effect.path("type").asText().equals("set")
                && !effect.has("isLeapSecond")) {
            effect.put("isLeapSecond", false);
        }
        return fault;
    }

    private StateFile with(List<Fault> others) {
        return new StateFile(format, bootId, isConfigured, version, device, others, floorsNs, alarms);
    }

    /** The specification of the device, as of {@link DeviceSpec}. */
    public record Device(String name, String socket, DeviceMode mode, List<ClockSpec> clocks,
            Optional<CounterMapping> counter, Duration pollWindow, DeviceFeatures features,
            Map<String, String> labels) {

        static Device of(DeviceSpec spec) {
            return new Device(spec.name(), spec.socket().toString(), spec.mode(), spec.clocks(), spec.counter(),
                    spec.pollWindow(),
                    spec.features(), spec.labels());
        }

        DeviceSpec spec() {
            return new DeviceSpec(name, Path.of(socket), mode, clocks, counter, pollWindow, features, labels);
        }
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    private interface EffectType {}

    @JsonInclude(JsonInclude.Include.ALWAYS)
    private interface Derived {
        @JsonIgnore
        boolean isActive();
    }

    static byte[] write(DeviceRecord record, String bootId) {
        try {
            DeviceVersion version = record.version();
            return JSON.writeValueAsBytes(new StateFile(FORMAT, bootId, record.isConfigured(),
                    new Version(version.created(), version.revision()), Device.of(record.spec()),
                    record.faults().list(), record.faults().floorsNs(), record.alarms()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and numbers can be written", e);
        }
    }

    /**
     * Reads all that can be used of a file: each fault is read by itself.
     *
     * @param onError receives, for each fault that cannot be read, a sentence that says so
     * @throws IOException if it is not such a file, or not whole
     */
    public static StateFile read(byte[] content, Consumer<String> onError) throws IOException {
        if (!(JSON.readTree(content) instanceof ObjectNode file)
                || !IntNode.valueOf(FORMAT).equals(file.get("format"))) {
            throw new IOException("it is not of format " + FORMAT);
        }
        if (!(file.get("faults") instanceof ArrayNode nodes)) {
            throw new IOException("it has no list of faults");
        }
        if (file.get("device") instanceof ObjectNode device && !device.has("features")) {
            device.set("features", JSON.valueToTree(DeviceFeatures.ALL));
        }
        if (file.get("device") instanceof ObjectNode device && !device.has("mode")) {
            device.put("mode", DeviceMode.LISTEN.name());
        }
        StateFile rest = JSON.treeToValue(file.set("faults", JSON.createArrayNode()), StateFile.class);
        List<Fault> faults = new ArrayList<>();
        for (JsonNode node : nodes) {
            try {
                Fault fault = JSON.treeToValue(completed(node), Fault.class);
                rest.with(List.of(fault));
                faults.add(fault);
            } catch (JsonProcessingException | RuntimeException e) {
                onError.accept("fault %s cannot be read: %s".formatted(Texts.shown(node.path("id").asText("null")),
                        Texts.shown(e instanceof JsonProcessingException json
                                ? json.getOriginalMessage()
                                : String.valueOf(e.getMessage()), MAX_ERROR)));
            }
        }
        return rest.with(faults);
    }
}
