package io.clocktower.api;

import io.clocktower.audit.Call;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ResourceInfo;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Notes which resource answers a call, for the metrics. */
public final class RouteFilter {

    @ServerRequestFilter
    public void note(ResourceInfo resource, RoutingContext call) {
        Path root = resource.getResourceClass().getAnnotation(Path.class);
        Path rest = resource.getResourceMethod().getAnnotation(Path.class);
        if (root != null) {
            Call.of(call).route(root.value() + (rest == null ? "" : rest.value()));
        }
    }
}
