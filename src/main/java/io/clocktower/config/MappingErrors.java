package io.clocktower.config;

import io.smallrye.config.ConfigValidationException;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The messages of a configuration that SmallRye cannot map, as this service writes messages: property, value, what is allowed. */
public final class MappingErrors {

    private static final Pattern UNKNOWN = Pattern.compile("SRCFG00050: (\\S+) in (.+) does not map to any root");
    private static final Pattern MISSING = Pattern.compile("SRCFG00014: The config property (\\S+) is required .*");
    private static final Pattern MALFORMED = Pattern.compile(
            "SRCFG00039: The config property (\\S+) with the config value \"(.*)\" threw an Exception whilst being converted (.*)");
    private static final Pattern ENUM = Pattern
            .compile("SRCFG00049: Cannot convert \\S+ to enum .*, allowed values: (.*)");
    private static final Pattern EXPECTED = Pattern.compile("SRCFG\\d+: Expected (.*), got .*");
    private static final Pattern CODE = Pattern.compile("^[\\w.]+Exception: |SRCFG\\d+: ");

    private MappingErrors() {}

    /**
     * All problems, in one line.
     *
     * @param value the value of a property that is not known
     */
    public static String text(ConfigValidationException invalid, UnaryOperator<String> value) {
        return IntStream.range(0, invalid.getProblemCount())
                .mapToObj(i -> text(withoutType(invalid.getProblem(i).getMessage()), value))
                .collect(Collectors.joining("; "));
    }

    static String text(String problem, UnaryOperator<String> value) {
        Matcher unknown = UNKNOWN.matcher(problem);
        if (unknown.matches()) {
            String property = unknown.group(1);
            return "%s: %s, %s".formatted(property, value.apply(property), KnownKeys.unknown(property));
        }
        Matcher missing = MISSING.matcher(problem);
        if (missing.matches()) {
            return missing.group(1) + ": missing";
        }
        Matcher malformed = MALFORMED.matcher(problem);
        if (malformed.matches()) {
            return malformed.group(1) + ": " + detail(malformed.group(2), withoutType(malformed.group(3)));
        }
        return withoutType(problem);
    }

    /** What a converter says of a value; ours begins with the value, SmallRye's does not. */
    private static String detail(String value, String said) {
        String quoted = "\"" + value + "\"";
        Matcher word = ENUM.matcher(said);
        if (word.matches()) {
            return quoted + ", expected " + Stream.of(word.group(1).split(",")).map(String::strip).sorted()
                    .collect(Collectors.joining(", "));
        }
        Matcher expected = EXPECTED.matcher(said);
        if (expected.matches()) {
            return quoted + ", expected " + expected.group(1);
        }
        return said.startsWith(quoted) ? said : quoted + ", " + CODE.matcher(said).replaceAll("");
    }

    private static String withoutType(String message) {
        return message.replaceFirst("^[\\w.]+Exception: ", "");
    }
}
