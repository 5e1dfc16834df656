package io.clocktower;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.util.ExceptionUtil;
import io.smallrye.config.ConfigValidationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/** Runs the service. One that cannot start as it is configured says so in one line, and ends with status 1. */
@QuarkusMain
public final class Main {

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
                .mapToObj(i -> invalid.getProblem(i).getMessage().replaceFirst("^[\\w.]+Exception: ", ""))
                .collect(Collectors.joining("; "));
    }
}
