package io.clocktower;

import io.clocktower.cli.Cli;
import io.clocktower.config.Hosting;
import io.clocktower.config.MappingErrors;
import io.clocktower.http.HttpTransportProvider;
import io.clocktower.linux.Console;
import io.clocktower.linux.EarlyLinks;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.util.ExceptionUtil;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jboss.logging.Logger;

/**
 * Runs the service, or with other arguments one command of the command line. If the service cannot start, it says
 * why in one line on standard error, and exits with status 1.
 */
@QuarkusMain
public final class Main {

    private Main() {}

    public static void main(String... arguments) {
        if (arguments.length == 0 || arguments[0].startsWith("-D")) {
            serve(arguments);
        } else if (arguments[0].equals("serve")) {
            serve(Arrays.copyOfRange(arguments, 1, arguments.length));
        } else if (arguments[0].equals("handover")) {
            System.setProperty(Hosting.SUCCESSOR, "true");
            System.setProperty(HttpTransportProvider.SHARED, "true");
            serve(Arrays.copyOfRange(arguments, 1, arguments.length));
        } else {
            System.exit(Cli.run(arguments));
        }
    }

    private static void serve(String... arguments) {
        setProperties(arguments);
        Console.install();
        EarlyLinks.start();
        NativeLibrary.load().ifPresent(reason -> {
            refuse("cannot load junixsocket's native library: " + reason);
            System.exit(1);
        });
        writeNoTemporaryFiles();
        Quarkus.run(Service.class, Main::exit, arguments);
    }

    /** Of a start without the launcher, which would make them options of the JVM: an image has no shell to run it. */
    private static void setProperties(String... arguments) {
        for (String argument : arguments) {
            if (argument.startsWith("-D")) {
                String[] property = argument.substring(2).split("=", 2);
                System.setProperty(property[0], property.length == 1 ? "" : property[1]);
            }
        }
    }

    /** Vert.x unpacks what it serves from a jar into temporary files, and does not start where it cannot. */
    private static void writeNoTemporaryFiles() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        if (!Files.isWritable(temporary)) {
            System.setProperty("quarkus.vertx.caching", "false");
            System.setProperty("quarkus.vertx.classpath-resolving", "false");
            System.err.println("Clocktower: %s is not writable: /q/swagger-ui is not available".formatted(temporary));
        }
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
            case ConfigValidationException invalid -> refuse(MappingErrors.text(invalid, Main::valueOf));
            case QuarkusBindException bind -> refuse("quarkus.http.port: cannot bind to %s:%d: already in use?"
                    .formatted(bind.getHost(), bind.getPort()));
            default -> Logger.getLogger(Main.class).error("Clocktower does not start", failure);
        }
    }

    private static void refuse(String reason) {
        System.err.println("Clocktower does not start: " + reason);
    }

    /** Read from the sources alone, as an unknown key keeps the configuration from being made. Not shown if it may be secret. */
    private static String valueOf(String key) {
        return key.startsWith("clocktower.auth") || key.startsWith("clocktower.webhooks")
                ? "(not shown)"
                : new SmallRyeConfigBuilder().addDefaultSources().addDiscoveredSources().build().getConfigValue(key)
                        .getRawValue();
    }
}
