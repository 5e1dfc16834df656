package io.clocktower.http;

import io.clocktower.linux.ResourceLimits;
import io.vertx.core.impl.VertxBuilder;
import io.vertx.core.spi.VertxServiceProvider;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/** Installs the {@link HttpTransport} in Vert.x, which finds this class by its service file. */
public final class HttpTransportProvider implements VertxServiceProvider {

    private static final Logger LOG = Logger.getLogger(HttpTransportProvider.class);
    /** The system property that says that this process is to listen beside its predecessor. */
    public static final String SHARED = "io.clocktower.http.shared";

    private static final String MAX_CONNECTIONS = "quarkus.http.limits.max-connections";

    @Override
    public void init(VertxBuilder builder) {
        int openFiles = ResourceLimits.raiseOpenFiles();
        int configured = ConfigProvider.getConfig().getOptionalValue(MAX_CONNECTIONS, Integer.class)
                .filter(number -> number > 0).orElse(Integer.MAX_VALUE);
        int limit = limit(configured, openFiles);
        builder.findTransport(new HttpTransport(limit, Boolean.getBoolean(SHARED)));
        LOG.infof("limits: %d open descriptors (RLIMIT_NOFILE): up to %d HTTP connections (%s), the rest for virtual"
                + " machines", openFiles, limit, limit < configured ? "a quarter of the descriptors" : MAX_CONNECTIONS);
    }

    /** HTTP takes at most a quarter of the descriptors: each virtual machine needs several, and the JVM some. */
    static int limit(int configured, int openFiles) {
        return Math.max(1, Math.min(configured, openFiles / 4));
    }
}
