package io.clocktower.kubevirt;

import io.clocktower.clock.ClockType;
import io.clocktower.spec.DeviceDraft;
import io.clocktower.spec.Durations;
import io.clocktower.spec.Nearest;
import io.clocktower.spec.Texts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the annotations of a VMI under {@code clocktower.io/} ask for.
 *
 * @param clocks the device's clocks
 * @param offset how far the clocks are moved from true time
 * @param labels the device's, besides those that it has by itself
 * @param tokens lines as in a file of tokens
 * @param pollWindow how long after a request the rings are polled
 * @param logLevel one of {@link #LEVELS}
 */
record VmSettings(Optional<List<DeviceDraft.Clock>> clocks, Optional<Duration> offset, Map<String, String> labels,
        List<String> tokens, Optional<Duration> pollWindow, Optional<String> logLevel) {

    static final String PREFIX = "clocktower.io/";
    static final String CLOCKS = "clocks";
    static final String OFFSET = "offset";
    static final String LABELS = "labels";
    static final String TOKENS = "tokens";
    static final String POLL_WINDOW = "poll-window";
    static final String LOG_LEVEL = "log-level";
    static final List<String> LEVELS = List.of("debug", "info", "warn", "error");
    /** The labels that a device has by itself. */
    static final String NAMESPACE_LABEL = "namespace";
    static final String VMI_LABEL = "vmi";

    private static final Set<String> KEYS = Set.of(CLOCKS, OFFSET, LABELS, TOKENS, POLL_WINDOW, LOG_LEVEL);
    private static final String WITH_ALARM = "+alarm";
    private static final int MAX_OFFSET_BITS = 63;

    /**
     * @param annotations all annotations of the VMI
     * @throws HookException that names each annotation that is not valid, and its value
     */
    static VmSettings of(Map<String, String> annotations) {
        var parser = new Parser(annotations);
        var settings = new VmSettings(parser.value(CLOCKS).map(parser::clocks),
                parser.value(OFFSET).map(parser::offset),
                parser.value(LABELS).map(parser::labels).orElse(Map.of()),
                parser.value(TOKENS).map(value -> value.lines().toList()).orElse(List.of()),
                parser.value(POLL_WINDOW).map(value -> parser.duration(POLL_WINDOW, value)),
                parser.value(LOG_LEVEL).map(parser::level));
        parser.requireValid();
        return settings;
    }

    /** What is wrong with an annotation: its name, its value, and what is expected. */
    static String error(String key, String value, String detail) {
        return "annotation %s%s: %s, %s".formatted(PREFIX, key, Texts.quoted(value), detail);
    }

    private static final class Parser {

        private final Map<String, String> values = new TreeMap<>();
        private final List<String> errors = new ArrayList<>();

        Parser(Map<String, String> annotations) {
            annotations.forEach((name, value) -> {
                if (name.startsWith(PREFIX)) {
                    values.put(name.substring(PREFIX.length()), value);
                }
            });
            values.forEach((key, value) -> {
                if (!KEYS.contains(key)) {
                    errors.add("annotation %s%s: %s, unknown annotation%s, expected one of %s".formatted(PREFIX,
                            Texts.shown(key), Texts.quoted(value), Nearest.question(Texts.shown(key), KEYS),
                            KEYS.stream().sorted().collect(Collectors.joining(", "))));
                }
            });
        }

        void requireValid() {
            if (!errors.isEmpty()) {
                throw new HookException("%s", String.join("; ", errors));
            }
        }

        Optional<String> value(String key) {
            return Optional.ofNullable(values.get(key)).map(String::strip);
        }

        List<DeviceDraft.Clock> clocks(String value) {
            List<DeviceDraft.Clock> clocks = new ArrayList<>();
            for (String word : value.split(",", -1)) {
                String clock = word.strip();
                boolean hasAlarm = clock.endsWith(WITH_ALARM);
                String type = hasAlarm ? clock.substring(0, clock.length() - WITH_ALARM.length()) : clock;
                Stream.of(ClockType.values()).filter(known -> text(known).equals(type)).findFirst().ifPresentOrElse(
                        known -> clocks.add(new DeviceDraft.Clock(known, Optional.empty(), hasAlarm)),
                        () -> errors.add(error(CLOCKS, value,
                                "%s is no clock, expected clocks separated by commas, each of %s, with +alarm behind those"
                                        .formatted(Texts.quoted(clock), types()) + " that have an alarm")));
            }
            return clocks;
        }

        private static String types() {
            return Stream.of(ClockType.values()).map(Parser::text).collect(Collectors.joining(", "));
        }

        private static String text(ClockType type) {
            return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        Duration offset(String value) {
            Duration offset = duration(OFFSET, value);
            if (Durations.ns(offset).bitLength() > MAX_OFFSET_BITS) {
                errors.add(error(OFFSET, value, "expected at most 292 years"));
            }
            return offset;
        }

        Duration duration(String key, String value) {
            try {
                return Durations.parse(value);
            } catch (IllegalArgumentException e) {
                errors.add("annotation %s%s: %s".formatted(PREFIX, key, e.getMessage()));
                return Duration.ZERO;
            }
        }

        Map<String, String> labels(String value) {
            Map<String, String> labels = new LinkedHashMap<>();
            for (String label : value.isEmpty() ? new String[0] : value.split(",", -1)) {
                String[] parts = label.strip().split("=", 2);
                if (parts.length < 2 || parts[0].isEmpty()) {
                    errors.add(error(LABELS, value, "expected labels such as team=search,tier=1"));
                } else if (parts[0].equals(NAMESPACE_LABEL) || parts[0].equals(VMI_LABEL)) {
                    errors.add(error(LABELS, value, "the device has the label %s by itself".formatted(parts[0])));
                } else if (labels.put(parts[0], parts[1]) != null) {
                    errors.add(error(LABELS, value, "the label %s occurs twice".formatted(parts[0])));
                }
            }
            return labels;
        }

        String level(String value) {
            String level = value.toLowerCase(Locale.ROOT);
            if (!LEVELS.contains(level)) {
                errors.add(error(LOG_LEVEL, value, "expected one of " + String.join(", ", LEVELS)));
            }
            return level;
        }
    }
}
