package io.clocktower;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.util.ExceptionUtil;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/** Runs the service. One that cannot start as it is configured says so in one line, and ends with status 1. */
@QuarkusMain
public final class Main {

    private static final Pattern UNKNOWN_KEY = Pattern
            .compile("SRCFG00050: (\\S+) in (.+) does not map to any root");

    private Main() {}

    public static void main(String... arguments) {
        Quarkus.run(null, Main::exit, arguments);
    }

    private static void exit(int status, Throwable failure) {
        if (failure != null) {
            report(ExceptionUtil.getRootCause(failure), failure);
        }
        System.exit(status);
    }

    private static void report(Throwable cause, Throwable failure) {
        switch (cause) {
            case ConfigurationException refused -> refuse(refused.getMessage());
            case ConfigValidationException invalid -> refuse(problems(invalid));
            case QuarkusBindException bind -> refuse("quarkus.http.port: %d of %s cannot be had, perhaps it is in use"
                    .formatted(bind.getPort(), bind.getHost()));
            default -> Logger.getLogger(Main.class).error("Clocktower does not start", failure);
        }
    }

    private static void refuse(String reason) {
        System.err.println("Clocktower does not start: " + reason);
    }

    private static String problems(ConfigValidationException invalid) {
        return IntStream.range(0, invalid.getProblemCount())
                .mapToObj(i -> problem(invalid.getProblem(i).getMessage())).collect(Collectors.joining("; "));
    }

    private static String problem(String message) {
        Matcher unknown = UNKNOWN_KEY.matcher(message);
        return unknown.matches()
                ? "%s: %s, expected no such key (%s)".formatted(unknown.group(1), valueOf(unknown.group(1)),
                        unknown.group(2))
                : message.replaceFirst("^[\\w.]+Exception: ", "");
    }

    /** Of the sources alone: there is no configuration with a key that is unknown. It may be a token or a secret. */
    private static String valueOf(String key) {
        return key.startsWith("clocktower.auth") || key.startsWith("clocktower.webhooks")
                ? "(not shown)"
                : new SmallRyeConfigBuilder().addDefaultSources().addDiscoveredSources().build().getConfigValue(key)
                        .getRawValue();
    }
}
