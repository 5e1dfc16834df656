package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.config.ClocktowerConfig;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.Set;

/** Rejects requests that a browser sends on behalf of a page of another origin. */
@ApplicationScoped
public class HostFilter {

    /** Before authentication. */
    private static final int PRIORITY = 900;
    private static final int BAD_REQUEST = 400;
    private static final int FORBIDDEN = 403;

    private final HostNames names;

    HostFilter(ClocktowerConfig config, Protection protection) {
        names = HostNames.of(protection.isLoopback(), protection.host(), config.http().allowedHosts().orElse(Set.of()));
    }

    void register(@Observes Filters filters) {
        filters.register(this::handle, PRIORITY);
    }

    private void handle(RoutingContext context) {
        Refusal refusal = refusal(context);
        if (refusal == null) {
            context.next();
        } else {
            context.fail(refusal.status(), refusal);
        }
    }

    private Refusal refusal(RoutingContext context) {
        HttpServerRequest request = context.request();
        List<String> hosts = request.headers().getAll("Host");
        if (hosts.size() > 1) {
            return new Refusal(BAD_REQUEST, "Host: expected once.");
        }
        String authority = request.authority() != null
                ? request.authority().toString()
                : hosts.isEmpty() ? null : hosts.getFirst();
        if (authority == null) {
            // HTTP/1.0 has no Host header. Probes may use it; browsers do not.
            return request.version() == HttpVersion.HTTP_1_0 && !request.headers().contains("Origin")
                    ? null
                    : new Refusal(BAD_REQUEST, "Host: the header is missing.");
        }
        if (!names.allow(authority)) {
            return new Refusal(FORBIDDEN,
                    "Host: unknown name of this service. Add it to clocktower.http.allowed-hosts.");
        }
        boolean isForeign = request.headers().getAll("Origin").stream()
                .anyMatch(origin -> !HostNames.isSame(origin, authority));
        return isForeign && Call.isChange(context)
                ? new Refusal(FORBIDDEN, "Origin: changes are accepted only from pages of this service.")
                : null;
    }
}
