package io.clocktower.device;

import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import java.time.Duration;
import java.time.YearMonth;

/** Faults in words, with the members of their effects as the API calls them. */
final class FaultText {

    private FaultText() {}

    /** Such as {@code step, offset -PT5M, of clock 0, for PT10M, by alice: rehearsing}. */
    static String of(Fault fault) {
        return of(fault.effect())
                + fault.clock().map(", of clock %d"::formatted).orElse("")
                + (fault.isActive() ? "" : ", from " + fault.start())
                + fault.duration().map(length -> ", for " + length).orElse("")
                + ", by " + fault.author() + (fault.reason().isEmpty() ? "" : ": " + fault.reason());
    }

    private static String of(Effect effect) {
        return switch (effect) {
            case Effect.Step(long offsetNs) -> "step, offset " + duration(offsetNs);
            case Effect.SetTime(long utcNs) -> "set, time " + HostInstant.instant(utcNs);
            case Effect.Drift(long ratePpb) -> "drift, ratePpb " + ratePpb;
            case Effect.Slew(long offsetNs, long ratePpb) ->
                "slew, offset " + duration(offsetNs) + ", ratePpb " + ratePpb;
            case Effect.Freeze() -> "freeze";
            case Effect.Jitter(long rangeNs, long intervalNs, long seed) ->
                "jitter, range " + duration(rangeNs) + ", interval " + duration(intervalNs) + ", seed " + seed;
            case Effect.Strobe(long deltaNs, long periodNs) ->
                "strobe, delta " + duration(deltaNs) + ", period " + duration(periodNs);
            case Effect.LeapSecond leap -> "leap-second, month " + YearMonth.from(leap.lastDay()) + ", change "
                    + (leap.change() > 0 ? "insert" : "delete");
        };
    }

    /** Of a negative one the sign comes first. */
    private static String duration(long ns) {
        var duration = Duration.ofNanos(ns);
        return duration.isNegative() ? "-" + duration.negated() : duration.toString();
    }
}
