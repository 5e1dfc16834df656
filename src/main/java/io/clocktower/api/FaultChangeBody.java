package io.clocktower.api;

import io.clocktower.spec.FieldError;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What to change of a fault. What is left out stays as it is. */
@Schema(name = "FaultChange", description = "What to change of a fault; at least one of the members")
record FaultChangeBody(
        @Schema(type = SchemaType.STRING, description = "How long the fault lasts, from its start; of a paused fault, what is left of it", examples = "PT20M") Duration duration,
        @Schema(description = "Why", examples = "CHG-1234, longer") String reason) {

    /**
     * @throws FieldsException if nothing is given (400), or the reason is not a line of text (422)
     */
    Optional<String> checkedReason() {
        if (duration == null && reason == null) {
            throw FieldsException
                    .malformed(List.of(new FieldError("duration", "missing, expected duration or reason")));
        }
        var fields = new Fields();
        Optional<String> checked = Optional.ofNullable(fields.text("reason", reason, null));
        fields.refuseImpossible();
        return checked;
    }
}
