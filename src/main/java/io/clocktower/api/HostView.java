package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Words;
import io.clocktower.device.HostStatus.Discipline;
import io.clocktower.device.HostStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The host, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Host", description = "The host that all devices have their time from, at one instant")
public record HostView(
        @Schema(description = "The host's wall clock, UTC", examples = "2026-11-22T12:00:00.000000001Z") Instant now,
        @JsonProperty("synchronized") @Schema(name = "synchronized", description = "Whether somebody disciplines the clock; left out, with the errors, where the kernel may not be asked", examples = "true") Boolean isSynchronized,
        @Schema(description = "How far the clock is off at most", examples = "PT0.0035S") String maxError,
        @Schema(examples = "3500000") Long maxErrorNs,
        @Schema(description = "How far the clock is probably off", examples = "PT0.00002S") String estimatedError,
        @Schema(examples = "20000") Long estimatedErrorNs,
        @Schema(description = "What the kernel does about a leap second at the end of this day", enumeration = {
                "none", "insert", "delete", "in-progress", "has-passed"}) String leapState,
        @Schema(description = "What the kernel counts time with", examples = "tsc") String clocksource,
        TaiOffset taiOffset, LeapTable leapSeconds,
        @Schema(description = "Clocktower's", examples = "0.1.0") String version,
        @Schema(description = "Since the service started", examples = "PT3H25M45.678S") String uptime){

    private static final long NS_A_SECOND = 1_000_000_000;
    private static final long SECONDS_A_DAY = 86_400;

    /** TAI less UTC. */
    @Schema(description = "TAI less UTC, as the devices have it: the kernel's, if it was ever told, or else the leap second table's")
    public record TaiOffset(@Schema(examples = "37") long seconds,
            @Schema(enumeration = {"kernel", "leap-second-table"}) String source){}

    /** The leap seconds that are known. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(description = "The leap second table in use")
    public record LeapTable(
            @Schema(description = "Where it is from", examples = "/usr/share/zoneinfo/leap-seconds.list") String source,
            @Schema(description = "From when on a leap second may have been announced that it does not know", examples = "2027-06-28T00:00:00Z") Instant expires,
            boolean expired, @Schema(description = "The one before now") LeapSecond last,
            @Schema(description = "The one after now, if one is announced") LeapSecond next) {}

    /** One leap second. */
    public record LeapSecond(
            @Schema(description = "The UTC day at whose end it is", examples = "2016-12-31") LocalDate day,
            @Schema(description = "1 for a second inserted, -1 for one left out", examples = "1") int change,
            @Schema(description = "TAI less UTC afterwards", examples = "37") int taiOffsetSeconds) {}

    static HostView of(HostStatus host, String version, Duration uptime) {
        var discipline = host.discipline();
        Long maxErrorNs = discipline.map(Discipline::maxErrorNs).orElse(null);
        Long estimatedErrorNs = discipline.map(Discipline::estimatedErrorNs).orElse(null);
        return new HostView(
                HostInstant.instant(host.realtimeNs()),
                discipline.map(Discipline::isSynchronized).orElse(null), duration(maxErrorNs), maxErrorNs,
                duration(estimatedErrorNs), estimatedErrorNs,
                discipline.map(it -> Words.of(it.leapState())).orElse(null),
                host.clocksource().orElse(null),
                new TaiOffset(host.taiOffsetSeconds(), host.isTaiOffsetOfKernel() ? "kernel" : "leap-second-table"),
                leapTable(host.leapSeconds(), host.realtimeNs()), version, uptime.toString());
    }

    private static String duration(Long ns) {
        return ns == null ? null : Duration.ofNanos(ns).toString();
    }

    private static LeapTable leapTable(LeapSeconds table, long utcNs) {
        List<LeapSeconds.Entry> entries = table.entries();
        LeapSecond last = null;
        LeapSecond next = null;
        // The first entry is where the count begins, and no leap second.
        for (int i = 1; i < entries.size() && next == null; i++) {
            LeapSecond leapSecond = leapSecond(entries.get(i - 1), entries.get(i));
            if (entries.get(i).utcSeconds() <= Math.floorDiv(utcNs, NS_A_SECOND)) {
                last = leapSecond;
            } else {
                next = leapSecond;
            }
        }
        return new LeapTable(table.source(), table.expiresAt(), table.isExpiredAt(utcNs), last, next);
    }

    private static LeapSecond leapSecond(LeapSeconds.Entry before, LeapSeconds.Entry entry) {
        return new LeapSecond(LocalDate.ofEpochDay(entry.utcSeconds() / SECONDS_A_DAY).minusDays(1),
                entry.taiMinusUtcSeconds() - before.taiMinusUtcSeconds(), entry.taiMinusUtcSeconds());
    }
}
