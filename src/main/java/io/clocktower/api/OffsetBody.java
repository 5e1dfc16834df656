package io.clocktower.api;

import io.clocktower.clock.Effect;
import io.clocktower.device.FaultRequest;
import io.clocktower.device.FieldFault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An offset, as an operator asks for it. */
@Schema(name = "OffsetRequest", description = "How far clocks are to be moved from true time: either offset or offsetNs")
record OffsetBody(
        @Schema(type = SchemaType.STRING, description = "How far, negative for back", examples = "-PT5M") Duration offset,
        @Schema(description = "In nanoseconds") Long offsetNs,
        @Schema(type = SchemaType.STRING, description = "After which it reverts; by default it stays until it is deleted", examples = "PT10M") Duration duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "Who asks for it; by default the caller") String author) {

    /**
     * @param clock the one clock it is for
     * @param caller the author, if no other is named
     * @throws FieldsException that names each field that is missing (400), or else that cannot be (422)
     */
    FaultRequest request(Optional<Integer> clock, String caller) {
        if (offset == null && offsetNs == null) {
            throw FieldsException.malformed(List.of(new FieldFault("offset",
                    "missing, expected a duration, or offsetNs with a number of nanoseconds")));
        }
        var fields = new Fields();
        var request = new FaultRequest(clock, new Effect.Step(fields.ns("offset", offset, offsetNs)), Optional.empty(),
                Optional.ofNullable(duration), fields.text("author", author, caller),
                fields.text("reason", reason, ""));
        fields.refuseImpossible();
        return request;
    }
}
