package io.clocktower.api;

import io.clocktower.clock.Effect;
import io.clocktower.device.FaultRequest;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An offset, as an operator asks for it. */
@Schema(name = "OffsetRequest", description = "How far clocks are to be moved from true time: either offset or offsetNs")
record OffsetBody(@Schema(description = "In ISO 8601", examples = "-PT5M") String offset,
        @Schema(description = "In nanoseconds", examples = "-300000000000") Long offsetNs,
        @Schema(description = "After which it reverts; without, it stays until it is deleted", examples = "PT10M") String duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "Who asks for it; the caller's name if it is left out") String author) {

    FaultRequest request(Optional<Integer> clock, String caller) {
        return new FaultRequest(clock, new Effect.Step(Fields.ns("offset", offset, offsetNs)), Optional.empty(),
                Optional.ofNullable(duration).map(text -> Fields.duration("duration", text)),
                author == null ? caller : Fields.text("author", author),
                reason == null ? "" : Fields.text("reason", reason));
    }
}
