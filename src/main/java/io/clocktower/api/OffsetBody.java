package io.clocktower.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.FieldError;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An offset to set. */
@Schema(name = "OffsetRequest", description = "How far the clocks are moved from true time: either offset or offsetNs")
record OffsetBody(
        @Schema(type = SchemaType.STRING, implementation = Duration.class, description = "How far, negative for back", examples = "-PT5M") JsonNode offset,
        @Schema(type = SchemaType.INTEGER, implementation = Long.class, description = "The same in nanoseconds") JsonNode offsetNs,
        @Schema(type = SchemaType.STRING, description = "How long the offset lasts; by default until it is deleted", examples = "PT10M") Duration duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "For whom the caller sets the offset, in the caller's words", examples = "bob") String onBehalfOf,
        @Schema(description = "The same as onBehalfOf: the author of an offset is always the caller") String author) {

    /**
     * @param clock the one clock that the offset is for
     * @param caller the author
     * @throws FieldsException for all fields that are missing or malformed (400), or else out of range (422)
     */
    FaultRequest request(Optional<Integer> clock, String caller) {
        FaultBody step = FaultBody.step(clock.orElse(null), duration, reason, onBehalfOf, author, offset, offsetNs);
        if (!step.has("offset") && !step.has("offsetNs")) {
            throw FieldsException.malformed(List.of(new FieldError("offset",
                    "missing, expected a duration, or offsetNs with a number of nanoseconds")));
        }
        return step.request(caller);
    }
}
