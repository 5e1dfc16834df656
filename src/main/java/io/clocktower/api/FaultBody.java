package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.Durations;
import io.clocktower.spec.FieldError;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A fault to inject. The members that depend on its type are those of the table of effect kinds. */
@Schema(name = EffectSchema.REQUEST)
record FaultBody(
        @Schema(type = SchemaType.STRING, required = true, description = "What happens to the clocks", examples = "step") String type,
        @Schema(description = "The id of the one clock that the fault is for. By default it is for all clocks but the monotonic ones.") Integer clock,
        @Schema(type = SchemaType.STRING, description = "When the fault begins: now, or a time. Default: now", examples = "2030-01-01T00:00:00Z") @JsonDeserialize(using = StrictJson.StartReader.class) Instant start,
        @Schema(type = SchemaType.STRING, description = "How long from now the fault begins, instead of start", examples = "PT5S") Duration after,
        @Schema(type = SchemaType.STRING, description = "How long the fault lasts; by default until it is reverted", examples = "PT10M") Duration duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "For whom the caller injects the fault, in the caller's words", examples = "bob") String onBehalfOf,
        @Schema(description = "The same as onBehalfOf: the author of a fault is always the caller") String author,
        @JsonAnySetter @Schema(hidden = true) Map<String, JsonNode> members) {

    private static final Duration MAX_AFTER = Duration.ofDays(3_650);

    /** A step. */
    static FaultBody step(Integer clock, Duration duration, String reason, String onBehalfOf, String author,
            JsonNode offset, JsonNode offsetNs) {
        Map<String, JsonNode> members = new HashMap<>();
        members.put("offset", offset);
        members.put("offsetNs", offsetNs);
        return new FaultBody("step", clock, null, null, duration, reason, onBehalfOf, author, members);
    }

    /** Whether a member is given. */
    boolean has(String member) {
        return members != null && members.get(member) != null && !members.get(member).isNull();
    }

    /**
     * The fault that the body asks for.
     *
     * @param caller the author
     * @throws FieldsException for all fields that are missing, unknown or malformed (400), or else out of range (422)
     */
    FaultRequest request(String caller) {
        var given = new EffectMembers(type, members == null ? Map.of() : members);
        List<FieldError> malformed = new ArrayList<>(given.malformed());
        if (start != null && after != null) {
            malformed.add(new FieldError("after", "expected either start or after, got both"));
        }
        if (onBehalfOf != null && author != null) {
            malformed.add(new FieldError("author", "expected either onBehalfOf or author, got both"));
        }
        FieldsException.refuse(malformed);
        var fields = new Fields();
        if (after != null && (after.isNegative() || after.compareTo(MAX_AFTER) > 0)) {
            fields.add("after", "%s, expected 0s to %s".formatted(Durations.text(after), Durations.text(MAX_AFTER)));
            fields.refuseImpossible();
        }
        var request = new FaultRequest(Optional.ofNullable(clock), given.effect(fields), begins(),
                Optional.ofNullable(duration), caller, fields.text("author", author,
                        fields.text("onBehalfOf", onBehalfOf, "")),
                fields.text("reason", reason, ""));
        fields.refuseImpossible();
        return request;
    }

    private Optional<Instant> begins() {
        return after == null
                ? Optional.ofNullable(start).filter(time -> !time.equals(StrictJson.NOW))
                : Optional.of(Instant.now().plus(after));
    }
}
