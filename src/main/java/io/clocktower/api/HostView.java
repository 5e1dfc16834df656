package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Words;
import io.clocktower.host.HostStatus;
import io.clocktower.host.HostStatus.Discipline;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The host, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Host", description = "The host, whose clock is the source of time for all devices, at one instant")
public record HostView(
        @Schema(description = "The host's wall clock, UTC", examples = "2026-11-22T12:00:00.000000001Z") Instant now,
        @JsonProperty("synchronized") @Schema(name = "synchronized", description = "Whether the clock is synchronized, by NTP or PTP for example. Left out, with the errors, if the service may not ask the kernel", examples = "true") Boolean isSynchronized,
        @Schema(description = "Largest possible error of the clock", examples = "PT0.0035S") String maxError,
        @Schema(examples = "3500000") Long maxErrorNs,
        @Schema(description = "Estimated error of the clock", examples = "PT0.00002S") String estimatedError,
        @Schema(examples = "20000") Long estimatedErrorNs,
        @Schema(description = "What the kernel will do at the end of this UTC day, or has done: insert or delete a leap second", enumeration = {
                "none", "insert", "delete", "in-progress", "has-passed"}) String leapState,
        @Schema(description = "The clocksource of the kernel", examples = "tsc") String clocksource,
        TaiOffset taiOffset, LeapTable leapSeconds,
        Polling polling,
        @Schema(description = "Version of Clocktower", examples = "0.1.0") String version,
        @Schema(description = "Time since the service started", examples = "PT3H25M45.678S") String uptime){

    private static final long NS_A_SECOND = 1_000_000_000;
    private static final long SECONDS_A_DAY = 86_400;

    /** TAI minus UTC. */
    @Schema(description = "TAI minus UTC, as the devices use it: the offset of the leap second table")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record TaiOffset(@Schema(examples = "37") long seconds,
            @Schema(description = "kernel if the kernel has this offset too", enumeration = {"kernel",
                    "leap-second-table"}) String source,
            @Schema(description = "The kernel's offset, if it was ever set. If it is another one, the host or the leap second table is wrong.", examples = "37") Long kernelSeconds){}

    /** The known leap seconds. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(description = "The leap second table in use")
    public record LeapTable(
            @Schema(description = "The file that the table was read from, or built-in", examples = "/usr/share/zoneinfo/leap-seconds.list") String source,
            @Schema(description = "From this time on, leap seconds may have been announced that are not in the table", examples = "2027-06-28T00:00:00Z") Instant expires,
            boolean expired, @Schema(description = "The last one before now") LeapSecond last,
            @Schema(description = "The next one, if one is announced") LeapSecond next) {}

    /** One leap second. */
    public record LeapSecond(
            @Schema(description = "The UTC day at the end of which it occurs", examples = "2016-12-31") LocalDate day,
            @Schema(description = "1 for an inserted second, -1 for a deleted second", examples = "1") int change,
            @Schema(description = "TAI minus UTC after it", examples = "37") int taiOffsetSeconds) {}

    /** Whether event loops may poll. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(description = "Whether event loops look at the rings of devices for their poll window before they sleep")
    public record Polling(@Schema(examples = "true") boolean allowed,
            @Schema(description = "Why not", examples = "only one processor is available") String reason) {}

    static HostView of(HostStatus host, Optional<String> pollingOff, String version, Duration uptime) {
        var discipline = host.discipline();
        Long maxErrorNs = discipline.map(Discipline::maxErrorNs).orElse(null);
        Long estimatedErrorNs = discipline.map(Discipline::estimatedErrorNs).orElse(null);
        return new HostView(
                HostInstant.instant(host.realtimeNs()),
                discipline.map(Discipline::isSynchronized).orElse(null), duration(maxErrorNs), maxErrorNs,
                duration(estimatedErrorNs), estimatedErrorNs,
                discipline.map(it -> Words.of(it.leapState())).orElse(null),
                host.clocksource().orElse(null),
                taiOffset(host),
                leapTable(host.leapSeconds(), host.realtimeNs()),
                new Polling(pollingOff.isEmpty(), pollingOff.orElse(null)), version, uptime.toString());
    }

    private static TaiOffset taiOffset(HostStatus host) {
        OptionalLong kernel = host.kernelTaiOffsetSeconds();
        return new TaiOffset(host.taiOffsetSeconds(),
                kernel.isPresent() && !host.hasOtherTaiOffset() ? "kernel" : "leap-second-table",
                kernel.isPresent() ? kernel.getAsLong() : null);
    }

    private static String duration(Long ns) {
        return ns == null ? null : Duration.ofNanos(ns).toString();
    }

    private static LeapTable leapTable(LeapSeconds table, long utcNs) {
        List<LeapSeconds.Entry> entries = table.entries();
        LeapSecond last = null;
        LeapSecond next = null;
        // The first entry is the start of the table, not a leap second.
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
