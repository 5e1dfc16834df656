package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import io.clocktower.device.DeviceStatus;
import io.clocktower.device.Fault;
import java.math.BigInteger;
import java.time.Instant;
import java.time.YearMonth;
import java.util.LinkedHashMap;
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
        @Schema(description = "pending before its start, then active", enumeration = {
                "pending",
                "active"}) String state,
        Instant start, @Schema(examples = "PT10M") String duration,
        @Schema(description = "When it reverts") Instant end,
        @Schema(description = "How often the guest read these clocks since it began") long reads,
        @Schema(description = "Whether the guest has read none of these clocks since it began") boolean neverRead,
        String author, String reason, @JsonAnyGetter @Schema(hidden = true) Map<String, Object> effect){

    static FaultView of(String device, DeviceStatus.FaultEffect status) {
        Fault fault = status.fault();
        return new FaultView(fault.id(), device, Words.of(FaultType.of(fault.effect())), fault.clock().orElse(null),
                status.clocks(),
                fault.isActive() ? "active" : "pending", fault.start(),
                fault.duration().map(Times::duration).orElse(null), fault.end().orElse(null), status.reads(),
                status.reads() == 0, fault.author(), fault.reason().isEmpty() ? null : fault.reason(),
                members(fault.effect()));
    }

    static Map<String, Object> members(Effect effect) {
        Map<String, Object> members = new LinkedHashMap<>();
        switch (effect) {
            case Effect.Step(long offsetNs) -> duration(members, "offset", offsetNs);
            case Effect.SetTime(long utcNs) -> members.put("time", HostInstant.instant(utcNs));
            case Effect.Drift(long ratePpb) -> members.put("ratePpb", ratePpb);
            case Effect.Slew(long offsetNs, long ratePpb) -> {
                duration(members, "offset", offsetNs);
                members.put("ratePpb", ratePpb);
            }
            case Effect.Freeze() -> {
            }
            case Effect.Jitter(long rangeNs, long intervalNs, long seed) -> {
                duration(members, "range", rangeNs);
                duration(members, "interval", intervalNs);
                members.put("seed", seed);
            }
            case Effect.Strobe(long deltaNs, long periodNs) -> {
                duration(members, "delta", deltaNs);
                duration(members, "period", periodNs);
            }
            case Effect.LeapSecond leap -> {
                members.put("month", YearMonth.from(leap.lastDay()).toString());
                members.put("change", leap.change() > 0 ? "insert" : "delete");
            }
        }
        return members;
    }

    private static void duration(Map<String, Object> members, String name, long ns) {
        members.put(name, Times.duration(BigInteger.valueOf(ns)));
        members.put(name + "Ns", ns);
    }
}
