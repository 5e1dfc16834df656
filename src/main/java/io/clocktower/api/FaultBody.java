package io.clocktower.api;

import io.clocktower.clock.Effect;
import io.clocktower.clock.Words;
import io.clocktower.device.FaultRequest;
import io.clocktower.device.FieldFault;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A fault, as an operator asks for it. Which fields it has depends on its type; others are refused. */
@Schema(name = "FaultRequest", description = "A fault to inject. Each type has fields of its own: step offset; set time;"
        + " drift ratePpb; slew offset, ratePpb; freeze none; jitter range, interval, seed; strobe delta, period;"
        + " leap-second month, change. Durations are texts, or else in nanoseconds in the field with Ns.")
record FaultBody(
        @Schema(type = SchemaType.STRING, required = true, description = "What happens to the clocks", enumeration = {
                "step", "set", "drift", "slew", "freeze", "jitter", "strobe",
                "leap-second"}, examples = "step") FaultType type,
        @Schema(description = "The id of the one clock it is for; by default it is for all but the monotonic ones") Integer clock,
        @Schema(description = "When it begins; by default at once") Instant start,
        @Schema(type = SchemaType.STRING, description = "After which it reverts; by default it stays until it is reverted", examples = "PT10M") Duration duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "Who asks for it; by default the caller") String author,
        @Schema(type = SchemaType.STRING, description = "step, slew: how far the clocks are moved", examples = "-PT5M") Duration offset,
        @Schema(description = "step, slew: the same in nanoseconds") Long offsetNs,
        @Schema(description = "set: what UTC is to be at the start, 1970-01-01 to 2554-07-21") Instant time,
        @Schema(description = "drift: how much is gained, in billionths, -999999999 to 999000000000; slew: how fast the offset grows, more than 0") Long ratePpb,
        @Schema(type = SchemaType.STRING, description = "jitter: the farthest that the clocks are moved to either side") Duration range,
        @Schema(description = "jitter: the same in nanoseconds") Long rangeNs,
        @Schema(type = SchemaType.STRING, description = "jitter: how long an offset is kept, 1 us or more") Duration interval,
        @Schema(description = "jitter: the same in nanoseconds") Long intervalNs,
        @Schema(description = "jitter: the same seed gives the same offsets; by default 0") Long seed,
        @Schema(type = SchemaType.STRING, description = "strobe: how far the clocks are moved, every other period") Duration delta,
        @Schema(description = "strobe: the same in nanoseconds") Long deltaNs,
        @Schema(type = SchemaType.STRING, description = "strobe: how long the clocks stay moved, and how long unmoved; 1 us or more") Duration period,
        @Schema(description = "strobe: the same in nanoseconds") Long periodNs,
        @Schema(type = SchemaType.STRING, description = "leap-second: the month at whose end it comes") YearMonth month,
        @Schema(type = SchemaType.STRING, description = "leap-second: whether a second is inserted or deleted", enumeration = {
                "insert", "delete"}) LeapChange change){

    /** What becomes of a second. */
    enum LeapChange {
        INSERT, DELETE
    }

    /** The fields that a type has, besides those that all have. */
    private static final Map<FaultType, Set<String>> FIELDS = Map.of(FaultType.STEP, Set.of("offset"), FaultType.SET,
            Set.of("time"), FaultType.DRIFT, Set.of("ratePpb"), FaultType.SLEW, Set.of("offset", "ratePpb"),
            FaultType.FREEZE, Set.of(), FaultType.JITTER, Set.of("range", "interval", "seed"), FaultType.STROBE,
            Set.of("delta", "period"), FaultType.LEAP_SECOND, Set.of("month", "change"));

    private static final Map<String, Function<FaultBody, Object>> GETTERS = Map.of("offset",
            body -> either(body.offset, body.offsetNs), "time", FaultBody::time, "ratePpb", FaultBody::ratePpb, "range",
            body -> either(body.range, body.rangeNs), "interval", body -> either(body.interval, body.intervalNs),
            "seed", FaultBody::seed, "delta", body -> either(body.delta, body.deltaNs), "period",
            body -> either(body.period, body.periodNs), "month", FaultBody::month, "change", FaultBody::change);

    private static final Set<String> OPTIONAL = Set.of("seed");

    private static Object either(Duration duration, Long ns) {
        return duration == null ? ns : duration;
    }

    /**
     * @param caller the author, if no other is named
     * @throws FieldsException that names each field that is missing or too many (400), or else that cannot be (422)
     */
    FaultRequest request(String caller) {
        var fields = new Fields();
        if (type == null) {
            throw FieldsException.malformed(List.of(new FieldFault("type", "missing, expected one of "
                    + Stream.of(FaultType.values()).map(Words::of).collect(Collectors.joining(", ")))));
        }
        FieldsException.refuse(unfitting());
        Effect effect = fields.effect(() -> effect(fields));
        var request = new FaultRequest(Optional.ofNullable(clock), effect, Optional.ofNullable(start),
                Optional.ofNullable(duration), fields.text("author", author, caller),
                fields.text("reason", reason, ""));
        fields.refuseImpossible();
        return request;
    }

    private List<FieldFault> unfitting() {
        List<FieldFault> faults = new ArrayList<>();
        GETTERS.forEach((field, getter) -> {
            boolean isGiven = getter.apply(this) != null;
            boolean isOwn = FIELDS.get(type).contains(field);
            if (isGiven && !isOwn) {
                faults.add(new FieldFault(field, "a fault of type " + Words.of(type) + " has none"));
            } else if (!isGiven && isOwn && !OPTIONAL.contains(field)) {
                faults.add(new FieldFault(field, "missing, a fault of type " + Words.of(type) + " has one"));
            }
        });
        return faults;
    }

    private Effect effect(Fields fields) {
        return switch (type) {
            case STEP -> new Effect.Step(fields.ns("offset", offset, offsetNs));
            case SET -> new Effect.SetTime(fields.unsignedNs("time", time));
            case DRIFT -> new Effect.Drift(ratePpb);
            case SLEW -> new Effect.Slew(fields.ns("offset", offset, offsetNs), ratePpb);
            case FREEZE -> new Effect.Freeze();
            case JITTER -> new Effect.Jitter(fields.ns("range", range, rangeNs),
                    fields.ns("interval", interval, intervalNs), seed == null ? 0 : seed);
            case STROBE -> new Effect.Strobe(fields.ns("delta", delta, deltaNs), fields.ns("period", period, periodNs));
            case LEAP_SECOND -> new Effect.LeapSecond(month.atEndOfMonth(), change == LeapChange.INSERT ? 1 : -1);
        };
    }
}
