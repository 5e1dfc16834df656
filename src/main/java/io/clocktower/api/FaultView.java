package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.fault.EffectKind;
import io.clocktower.fault.Fault;
import io.clocktower.status.DeviceStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A fault of a device, as the API shows it: what has become of it, and the members of its type. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Fault", description = "A fault of a device, with the members that its type has in a FaultRequest. Faults"
        + " are composed in the order in which they are listed, that of their starts: each takes the time that the one"
        + " before it left.")
record FaultView(@Schema(examples = "f2") String id, @Schema(examples = "vm0") String device,
        @Schema(description = "As in the request", examples = "step") String type,
        @Schema(description = "The one clock it is for, if it is for one alone") Integer clock,
        @Schema(description = "The clocks that it is for") List<Integer> clocks,
        @Schema(description = "pending before its start, active from then on, paused while an operator has paused it, ended after its end; failed if it could not begin", enumeration = {
                "pending", "active", "paused", "ended", "failed"}) String state,
        @Schema(description = "Why it could not begin, if it failed") String failure,
        @Schema(description = "When it begins or began; of a paused fault, when it was paused") Instant start,
        @Schema(description = "How long it lasts; of a paused fault, what is left of that", examples = "PT10M") String duration,
        @Schema(description = "When it ends") Instant end,
        @Schema(description = "How often the guest read these clocks since it began") long reads,
        @Schema(description = "Whether the guest has read none of these clocks since it began") boolean neverRead,
        @Schema(description = "The caller who injected it", examples = "alice") String author,
        @Schema(description = "For whom, in the words of the author", examples = "bob") String onBehalfOf,
        @Schema(description = "The plan that injected it", examples = "p1") String plan, String reason,
        @Schema(description = Warnings.DESCRIPTION) List<String> warnings,
        @JsonAnyGetter @Schema(hidden = true) Map<String, Object> effect){

    static FaultView of(String device, DeviceStatus.FaultEffect status) {
        return of(device, status, null);
    }

    /** The answer to the call that made it. */
    static FaultView injected(DeviceStatus device, DeviceStatus.FaultEffect status) {
        return of(device.name(), status, Warnings.orNull(Warnings.of(device, status.clocks())));
    }

    private static FaultView of(String device, DeviceStatus.FaultEffect status, List<String> warnings) {
        Fault fault = status.fault();
        return new FaultView(fault.id(), device, EffectKind.of(fault.effect()).name(), fault.clock().orElse(null),
                status.clocks(),
                state(status), status.failure().orElse(null), fault.start(),
                fault.duration().map(Times::duration).orElse(null), fault.end().orElse(null), status.reads(),
                status.reads() == 0, fault.author(), fault.onBehalfOf().isEmpty() ? null : fault.onBehalfOf(),
                Fault.planOf(fault.id()).orElse(null), fault.reason().isEmpty() ? null : fault.reason(), warnings,
                EffectKind.json(fault.effect()));
    }

    private static String state(DeviceStatus.FaultEffect status) {
        if (status.failure().isPresent()) {
            return "failed";
        }
        if (status.fault().isPaused()) {
            return "paused";
        }
        return status.isEnded() ? "ended" : status.fault().isActive() ? "active" : "pending";
    }
}
