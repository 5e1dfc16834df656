package io.clocktower.plan;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.Effect;
import io.clocktower.fault.EffectKind;
import java.io.IOException;

/**
 * The file that keeps a plan, in JSON.
 *
 * @param format of the file
 * @param bootId the boot of the host that the plan's {@code startNs} counts from; empty if it is unknown
 */
public record PlanFile(int format, String bootId, KeptPlan plan) {

    private static final int FORMAT = 1;

    private static final JsonMapper JSON = JsonMapper.builder().addModules(new Jdk8Module(), new JavaTimeModule())
            .registerSubtypes(EffectKind.ALL.stream().map(kind -> new NamedType(kind.effect(), kind.name()))
                    .toArray(NamedType[]::new))
            .addMixIn(Effect.class, EffectType.class)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .build();

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    private interface EffectType {}

    static byte[] write(KeptPlan plan, String bootId) {
        try {
            return JSON.writeValueAsBytes(new PlanFile(FORMAT, bootId, plan));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and numbers can be written", e);
        }
    }

    /**
     * @throws IOException if it is not such a file, or not whole
     */
    static PlanFile read(byte[] content) throws IOException {
        if (JSON.readTree(content).path("format").asInt() != FORMAT) {
            throw new IOException("it is not of format " + FORMAT);
        }
        PlanFile file = JSON.readValue(content, PlanFile.class);
        try {
            file.plan().plan();
            return file;
        } catch (RuntimeException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
