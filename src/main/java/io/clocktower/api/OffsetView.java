package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.Effect;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.FaultEffect;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The offset of a device's clocks or of one clock, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Offset", description = "How far clocks are moved from true time, zero if they are not. The offset of a"
        + " device and that of its clock add up, and other faults come on top: what a clock really shows is in its status.")
record OffsetView(@Schema(examples = "vm0") String device,
        @Schema(description = "The clock it is for, if it is for one alone") Integer clock,
        @Schema(examples = "-PT5M") String offset, @Schema(examples = "-300000000000") long offsetNs,
        @Schema(description = "Since when") Instant start, @Schema(examples = "PT10M") String duration,
        @Schema(description = "When it ends") Instant end,
        @Schema(description = "How often the guest read the clocks since it began") Long reads,
        @Schema(description = "Whether the guest has read none of the clocks since it began") Boolean neverRead,
        @Schema(description = "The caller who set it", examples = "alice") String author,
        @Schema(description = "For whom, in the words of the author", examples = "bob") String onBehalfOf,
        String reason, @Schema(description = Warnings.DESCRIPTION) List<String> warnings) {

    private static final String ID = "offset";

    /** The id of the fault that an offset is. */
    static String id(Optional<Integer> clock) {
        return clock.map(number -> ID + "-" + number).orElse(ID);
    }

    static OffsetView of(DeviceStatus device, Optional<Integer> clock) {
        return device.faults().stream().filter(effect -> effect.fault().id().equals(id(clock))).findFirst()
                .map(effect -> of(device.name(), effect))
                .orElseGet(() -> new OffsetView(device.name(), clock.orElse(null), Duration.ZERO.toString(), 0, null,
                        null, null, null, null, null, null, null, null));
    }

    /** The answer to the call that set it. */
    static OffsetView set(DeviceStatus device, Optional<Integer> clock, List<Integer> clocks) {
        OffsetView view = of(device, clock);
        return new OffsetView(view.device, view.clock, view.offset, view.offsetNs, view.start, view.duration, view.end,
                view.reads, view.neverRead, view.author, view.onBehalfOf, view.reason,
                Warnings.orNull(Warnings.of(device, clocks)));
    }

    private static OffsetView of(String device, FaultEffect effect) {
        var fault = effect.fault();
        long offsetNs = ((Effect.Step) fault.effect()).offsetNs();
        return new OffsetView(device, fault.clock().orElse(null), Times.duration(BigInteger.valueOf(offsetNs)),
                offsetNs, fault.start(), fault.duration().map(Times::duration).orElse(null),
                fault.end().orElse(null), effect.reads(), effect.reads() == 0, fault.author(),
                fault.onBehalfOf().isEmpty() ? null : fault.onBehalfOf(),
                fault.reason().isEmpty() ? null : fault.reason(), null);
    }
}
