package io.clocktower.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/** A file of the build directory that says what was measured, a line a measurement. */
final class FollowReport {

    private static final double S_MS = 1000;

    private final Path file;

    /** Begins a new file. */
    FollowReport(String name, int rounds) {
        file = Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("target").resolve(name);
        append("%s, rounds: %d; the least, the median and the greatest%n".formatted(Instant.now(), rounds),
                StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    void times(FollowClient client, String what, List<Duration> times) {
        var sorted = times.stream().sorted().toList();
        line(client, what, List.of(sorted.getFirst(), sorted.get(sorted.size() / 2), sorted.getLast()).stream()
                .distinct().map(FollowReport::seconds).collect(Collectors.joining(" · ")));
    }

    void time(FollowClient client, String what, Duration time) {
        line(client, what, seconds(time));
    }

    void difference(FollowClient client, String what, Duration difference) {
        line(client, what, FollowedClock.ms(difference));
    }

    void line(FollowClient client, String what, String value) {
        var line = "%-11s  %-45s  %s%n".formatted(client, what, value);
        append(line, StandardOpenOption.APPEND);
        System.out.print(line);
    }

    private void append(String text, StandardOpenOption... options) {
        try {
            Files.writeString(file, text, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String seconds(Duration duration) {
        return "%.1f s".formatted(duration.toMillis() / S_MS);
    }
}
