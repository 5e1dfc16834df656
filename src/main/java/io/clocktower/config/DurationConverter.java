package io.clocktower.config;

import io.clocktower.spec.Durations;
import java.time.Duration;
import org.eclipse.microprofile.config.spi.Converter;

/** Reads durations of the configuration in the grammar of {@link Durations}. */
public final class DurationConverter implements Converter<Duration> {

    private static final long serialVersionUID = 1L;

    @Override
    public Duration convert(String value) {
        return Durations.parse(value);
    }
}
