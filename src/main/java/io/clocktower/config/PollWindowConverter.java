package io.clocktower.config;

import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.spi.Converter;

/** Durations as Quarkus has them everywhere, and in microseconds or nanoseconds: {@code 50us}, {@code 800ns}. */
public final class PollWindowConverter implements Converter<Duration> {

    private static final long serialVersionUID = 1L;

    private static final Pattern SHORT = Pattern.compile("(\\d{1,18})(us|ns)");

    @Override
    public Duration convert(String value) {
        Matcher matcher = SHORT.matcher(value.trim());
        if (!matcher.matches()) {
            return DurationConverter.parseDuration(value);
        }
        ChronoUnit unit = matcher.group(2).equals("us") ? ChronoUnit.MICROS : ChronoUnit.NANOS;
        return Duration.of(Long.parseLong(matcher.group(1)), unit);
    }
}
