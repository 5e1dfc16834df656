package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Preview;
import io.clocktower.spec.Durations;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What clocks would show over time, as the API shows it. */
@Schema(name = "Preview", description = "What each clock would show, at times of the host's clock. Nothing was changed.")
record PreviewView(List<Sample> samples) {

    private static final Duration OVER = Duration.ofMinutes(1);
    private static final Duration MAX_OVER = Duration.ofDays(36_500);
    private static final int POINTS = 7;
    private static final int MAX_POINTS = 1_000;

    /** The clocks at one time. */
    @Schema(name = "PreviewSample")
    record Sample(@Schema(description = "On the host's clock") Instant at,
            @Schema(description = "From now", examples = "PT10S") String after, List<Reading> clocks) {}

    /** A clock at one time. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "PreviewReading", description = "The served members are missing where the clock could not be read")
    record Reading(int clock, @Schema(examples = "utc") String type, String trueTime, BigInteger trueNs,
            String servedTime, BigInteger servedNs, String offset, BigInteger offsetNs) {}

    /**
     * @param isDryRun the others are for a dry run alone
     * @param over how far to look ahead; null for a minute
     * @param points how many times, the first of them now; null for 7
     * @return from now, in nanoseconds; nothing unless it is a dry run
     */
    static Optional<List<Long>> times(boolean isDryRun, String over, Integer points) {
        if (!isDryRun) {
            refuseUnless(over == null, "over");
            refuseUnless(points == null, "points");
            return Optional.empty();
        }
        Duration length = over == null ? OVER : length(over);
        if (length.isNegative() || length.compareTo(MAX_OVER) > 0) {
            throw FieldsException.invalid(
                    List.of(new FieldError("over", "%s, expected 0s to %s".formatted(
                            Durations.text(length), Durations.text(MAX_OVER)))));
        }
        int count = points == null ? POINTS : points;
        if (count < 2 || count > MAX_POINTS) {
            throw FieldsException.invalid(List.of(new FieldError("points", "%d, expected 2 to %d".formatted(count,
                    MAX_POINTS))));
        }
        long stepNs = length.toNanos() / (count - 1);
        return Optional.of(LongStream.range(0, count).map(i -> i * stepNs).boxed().toList());
    }

    /** Who forgets to say that it is a dry run must not find that it was none. */
    private static void refuseUnless(boolean isAbsent, String parameter) {
        if (!isAbsent) {
            throw FieldsException.malformed(List.of(new FieldError(parameter, "expected with dryRun=true alone")));
        }
    }

    private static Duration length(String over) {
        try {
            return Durations.parse(over);
        } catch (IllegalArgumentException e) {
            throw FieldsException.malformed(List.of(new FieldError("over", e.getMessage())));
        }
    }

    static PreviewView of(Preview preview) {
        List<ClockType> types = preview.types();
        return new PreviewView(preview
                .samples().stream().map(sample -> new Sample(HostInstant.instant(sample.realtimeNs()),
                        Duration.ofNanos(sample.atNs()).toString(), sample.clocks().stream()
                                .map(reading -> reading(types.get(reading.clockId()), reading)).toList()))
                .toList());
    }

    private static Reading reading(ClockType type, ClockReading reading) {
        return new Reading(reading.clockId(), Words.of(type), Times.reading(type, reading.trueNs()),
                Times.number(reading.trueNs()), Times.reading(type, reading.servedNs()),
                Times.number(reading.servedNs()), reading.offsetNs().map(Times::duration).orElse(null),
                reading.offsetNs().orElse(null));
    }
}
