package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.device.DeviceHost;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.Optional;

/**
 * Refuses changes while the service is stopping; reading goes on until HTTP closes. Refuses both while the devices are in
 * another process.
 */
@ApplicationScoped
public class StoppingFilter {

    /** After authentication, before {@link PathFilter}. */
    private static final int PRIORITY = 70;
    /** Before anything else stops. */
    private static final int FIRST = 1;
    private static final int UNAVAILABLE = 503;
    /** Another process may serve by then. */
    private static final Map<String, String> LATER = Map.of("Retry-After", "5");

    /** While the service passes from one process to the next. */
    private static final Map<String, String> SOON = Map.of("Retry-After", "1");
    private static final String API = "/api/";

    private final DeviceHost devices;
    private volatile boolean isStopping;

    StoppingFilter(DeviceHost devices) {
        this.devices = devices;
    }

    void register(@Observes Filters filters) {
        filters.register(this::handle, PRIORITY);
    }

    void onStopping(@Observes @Priority(FIRST) ShutdownDelayInitiatedEvent event) {
        isStopping = true;
    }

    private void handle(RoutingContext context) {
        Optional<String> absence = devices.absence();
        if (absence.isPresent() && context.request().path().startsWith(API)) {
            context.fail(UNAVAILABLE, new Refusal(UNAVAILABLE, absence.get(), SOON));
        } else if (isStopping && Call.isChange(context)) {
            context.fail(UNAVAILABLE,
                    new Refusal(UNAVAILABLE, "The service is stopping and accepts no changes.", LATER));
        } else {
            context.next();
        }
    }
}
