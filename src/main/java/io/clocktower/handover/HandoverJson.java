package io.clocktower.handover;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.counter.CounterLookup;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvents;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.memory.DirtyLog;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.state.RecordJson;
import io.clocktower.status.DeviceCounters;
import io.clocktower.vhostuser.FrontEndState;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The record of a hand-over as JSON. A descriptor is its place in the list of those that follow, in which each is only once.
 */
@RegisterForReflection(targets = {HandoverRecord.class, KeptRecord.class, HandoverRecord.Device.class,
        DeviceCounters.Counts.class,
        DeviceSnapshot.Begun.class, DeviceSnapshot.Socket.class, CounterLookup.Known.class, CounterMapping.class,
        FrontEndState.class, FrontEndState.Region.class, FrontEndState.AddressRange.class,
        FrontEndState.Addresses.class, FrontEndState.Ring.class, FrontEndState.Received.class,
        FrontEndState.Log.class, DirtyLog.Place.class, MemoryRegion.Place.class, DeviceEvents.Kept.class,
        DeviceEvent.class, DeviceEvent.Change.class})
final class HandoverJson {

    private static final String FILES = "files";

    /** Members of these types may be null, or left out by a release that did not know them. All others are there. */
    private static final List<Class<?>> NULLABLE = List.of(Optional.class, OptionalInt.class, OptionalLong.class,
            Descriptor.class, Boolean.class, FrontEndState.Log.class, DirtyLog.Place.class);

    private static final JsonMapper JSON = mapper();

    private static JsonMapper mapper() {
        JsonMapper.Builder builder = JsonMapper.builder()
                .addModules(new Jdk8Module(), new JavaTimeModule(),
                        new SimpleModule().addSerializer(Descriptor.class, new ToPlace())
                                .addDeserializer(Descriptor.class, new FromPlace()))
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .defaultSetterInfo(JsonSetter.Value.construct(Nulls.FAIL, Nulls.FAIL));
        for (Class<?> type : NULLABLE) {
            builder.withConfigOverride(type,
                    override -> override.setSetterInfo(JsonSetter.Value.construct(Nulls.SET, Nulls.FAIL)));
        }
        return builder.build();
    }

    private HandoverJson() {}

    /**
     * A record that is ready to be sent.
     *
     * @param descriptors stay with those that have them
     */
    record Written(byte[] json, List<Descriptor> descriptors) {}

    /** The descriptors of a record that is written. */
    private static final class Places {

        private final List<Descriptor> descriptors = new ArrayList<>();
        private final Map<Integer, Integer> places = new HashMap<>();

        int of(Descriptor descriptor) {
            return places.computeIfAbsent(descriptor.number(), _ -> {
                descriptors.add(descriptor);
                return descriptors.size() - 1;
            });
        }
    }

    private static final class ToPlace extends JsonSerializer<Descriptor> {

        @Override
        public void serialize(Descriptor descriptor, JsonGenerator json, SerializerProvider provider)
                throws IOException {
            json.writeNumber(((Places) provider.getAttribute(FILES)).of(descriptor));
        }
    }

    private static final class FromPlace extends JsonDeserializer<Descriptor> {

        @Override
        public Descriptor deserialize(JsonParser json, DeserializationContext context) throws IOException {
            return ((PassedDescriptors) context.getAttribute(FILES)).at(json.getIntValue());
        }
    }

    static Written write(String release, List<DeviceSnapshot> devices, DeviceEvents.Kept events,
            Map<String, byte[]> parts) throws IOException {
        var places = new Places();
        List<HandoverRecord.Device> records = new ArrayList<>();
        for (DeviceSnapshot device : devices) {
            records.add(new HandoverRecord.Device(JSON.readTree(RecordJson.write(device.record())),
                    device.record().version().epoch(), device.counts(), device.begun(), device.counter(),
                    device.socket(), device.frontEnd()));
        }
        Map<String, JsonNode> trees = new HashMap<>();
        for (Map.Entry<String, byte[]> part : parts.entrySet()) {
            trees.put(part.getKey(), JSON.readTree(part.getValue()));
        }
        byte[] json = JSON.writer().withAttribute(FILES, places)
                .writeValueAsBytes(new HandoverRecord(HandoverRecord.FORMAT, release, records, events, trees));
        return new Written(json, places.descriptors);
    }

    /**
     * @param descriptors are closed; the record has duplicates, which are the caller's
     * @throws IOException if it is not a record, and whole
     */
    static HandoverRecord read(byte[] json, List<Descriptor> descriptors) throws IOException {
        try (var passed = new PassedDescriptors(descriptors)) {
            HandoverRecord record = read(json, passed, HandoverRecord.class);
            passed.release(record.descriptors());
            return record;
        }
    }

    private static <T> T read(byte[] json, PassedDescriptors passed, Class<T> type) throws IOException {
        T record = JSON.readerFor(type).withAttribute(FILES, passed).readValue(json);
        if (record == null) {
            throw new IOException("null, expected a record");
        }
        return record;
    }

    static DeviceSnapshot snapshot(HandoverRecord.Device device, LeapSeconds leapSeconds) throws IOException {
        return new DeviceSnapshot(RecordJson.read(JSON.writeValueAsBytes(device.state()), device.epoch(), leapSeconds),
                device.counts(), device.begun(), device.counter(), device.socket(), device.frontEnd());
    }

    static Written writeKept(KeptRecord kept) throws IOException {
        var places = new Places();
        return new Written(JSON.writer().withAttribute(FILES, places).writeValueAsBytes(kept), places.descriptors);
    }

    /**
     * @param descriptors are closed; the record has duplicates, which are the caller's
     * @throws IOException if it is not a record, and whole
     */
    static KeptRecord readKept(byte[] json, List<Descriptor> descriptors) throws IOException {
        try (var passed = new PassedDescriptors(descriptors)) {
            JsonNode tree = JSON.readTree(json);
            if (tree.path("format").asInt() != KeptRecord.FORMAT) {
                throw new IOException("it is not of format " + KeptRecord.FORMAT);
            }
            KeptRecord record = read(json, passed, KeptRecord.class);
            passed.release(record.frontEnd().descriptors());
            return record;
        }
    }

    static byte[] bytes(JsonNode part) throws IOException {
        return JSON.writeValueAsBytes(part);
    }
}
