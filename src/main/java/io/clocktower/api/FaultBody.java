package io.clocktower.api;

import io.clocktower.clock.Effect;
import io.clocktower.device.FaultRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A fault, as an operator asks for it. Which members it has depends on its type; others are refused. */
@Schema(name = "FaultRequest", description = "A fault to inject. Each type has members of its own: step offset; set time;"
        + " drift ratePpb; slew offset, ratePpb; freeze none; jitter range, interval, seed; strobe delta, period;"
        + " leap-second month, change. Of a duration, either the ISO 8601 form or the nanoseconds are given.")
record FaultBody(
        @Schema(description = "What happens to the clocks", required = true, enumeration = {
                "step", "set", "drift",
                "slew", "freeze", "jitter", "strobe", "leap-second"}, examples = "step") String type,
        @Schema(description = "The id of the one clock it is for; without, it is for all but the monotonic ones", examples = "0") Integer clock,
        @Schema(description = "When it begins; at once if it is left out") String start,
        @Schema(description = "After which it reverts; without, it stays until it is reverted", examples = "PT10M") String duration,
        @Schema(description = "Why", examples = "rehearsing CHG-1234") String reason,
        @Schema(description = "Who asks for it; the caller's name if it is left out") String author,
        @Schema(description = "step, slew: how far the clocks are moved", examples = "-PT5M") String offset,
        @Schema(description = "step, slew: the same in nanoseconds") Long offsetNs,
        @Schema(description = "set: what UTC is to be at the start", examples = "2030-01-01T00:00:00Z") String time,
        @Schema(description = "drift: how much too fast, in parts per billion, -999999999 to 999000000000; slew: how fast the offset grows, more than 0") Long ratePpb,
        @Schema(description = "jitter: the farthest that the clocks are moved to either side", examples = "PT0.05S") String range,
        @Schema(description = "jitter: the same in nanoseconds") Long rangeNs,
        @Schema(description = "jitter: how long an offset is kept, PT0.000001S or more", examples = "PT1S") String interval,
        @Schema(description = "jitter: the same in nanoseconds") Long intervalNs,
        @Schema(description = "jitter: the same seed gives the same offsets; 0 if it is left out") Long seed,
        @Schema(description = "strobe: how far the clocks are moved, every other period", examples = "PT2S") String delta,
        @Schema(description = "strobe: the same in nanoseconds") Long deltaNs,
        @Schema(description = "strobe: how long the clocks stay moved, and how long unmoved", examples = "PT30S") String period,
        @Schema(description = "strobe: the same in nanoseconds") Long periodNs,
        @Schema(description = "leap-second: the month at whose end it comes", examples = "2026-12") String month,
        @Schema(description = "leap-second: whether a second is inserted or deleted", enumeration = {"insert",
                "delete"}) String change){

    private static final List<String> TYPES = List.of("step", "set", "drift", "slew", "freeze", "jitter", "strobe",
            "leap-second");

    /** A member and whether it is given. */
    private record Member(String name, Object value) {}

    /**
     * @param caller the author, if no other is named
     * @throws FieldException naming what cannot be
     */
    FaultRequest request(String caller) {
        return new FaultRequest(Optional.ofNullable(clock), effect(),
                Optional.ofNullable(start).map(text -> Fields.instant("start", text)),
                Optional.ofNullable(duration).map(text -> Fields.duration("duration", text)),
                author == null ? caller : Fields.text("author", author),
                reason == null ? "" : Fields.text("reason", reason));
    }

    private Effect effect() {
        if (type == null || !TYPES.contains(type)) {
            throw new FieldException("type", "expected one of " + String.join(", ", TYPES) + ", got "
                    + Fields.shown(type));
        }
        try {
            return switch (type) {
                case "step" -> only(new Effect.Step(Fields.ns("offset", offset, offsetNs)), "offset");
                case "set" -> only(new Effect.SetTime(Fields.unsignedNs("time", Fields.given("time", time))), "time");
                case "drift" -> only(new Effect.Drift(Fields.given("ratePpb", ratePpb)), "ratePpb");
                case "slew" ->
                    only(new Effect.Slew(Fields.ns("offset", offset, offsetNs), Fields.given("ratePpb", ratePpb)),
                            "offset", "ratePpb");
                case "freeze" -> only(new Effect.Freeze());
                case "jitter" ->
                    only(new Effect.Jitter(Fields.ns("range", range, rangeNs), Fields.ns("interval", interval,
                            intervalNs), seed == null ? 0 : seed), "range", "interval", "seed");
                case "strobe" ->
                    only(new Effect.Strobe(Fields.ns("delta", delta, deltaNs), Fields.ns("period", period, periodNs)),
                            "delta", "period");
                case "leap-second" -> only(leapSecond(), "month", "change");
                default -> throw new AssertionError(type);
            };
        } catch (IllegalArgumentException e) {
            throw FieldException.impossible(e.getMessage());
        }
    }

    private Effect leapSecond() {
        YearMonth when;
        try {
            when = YearMonth.parse(Fields.given("month", month));
        } catch (DateTimeException e) {
            throw new FieldException("month", "expected a month such as 2026-12, got " + Fields.shown(month));
        }
        return new Effect.LeapSecond(when.atEndOfMonth(), switch (Fields.given("change", change)) {
            case "insert" -> 1;
            case "delete" -> -1;
            default -> throw new FieldException("change", "expected insert or delete, got " + Fields.shown(change));
        });
    }

    /** The effect, if no member of another type is given. */
    private Effect only(Effect effect, String... members) {
        Set<String> own = Set.of(members);
        Stream.of(new Member("offset", offset), new Member("offset", offsetNs), new Member("time", time),
                new Member("ratePpb", ratePpb), new Member("range", range), new Member("range", rangeNs),
                new Member("interval", interval), new Member("interval", intervalNs), new Member("seed", seed),
                new Member("delta", delta), new Member("delta", deltaNs), new Member("period", period),
                new Member("period", periodNs), new Member("month", month), new Member("change", change))
                .filter(member -> member.value != null && !own.contains(member.name)).findFirst().ifPresent(member -> {
                    throw new FieldException(member.name, "a fault of type " + type + " has none");
                });
        return effect;
    }

}
