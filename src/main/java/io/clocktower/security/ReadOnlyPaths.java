package io.clocktower.security;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.Set;

/** Metrics, health, the OpenAPI document and Swagger UI are read only. Their handlers would answer any method. */
@ApplicationScoped
public class ReadOnlyPaths {

    /** After {@link PathFilter}. */
    private static final int PRIORITY = 59;
    private static final String ROOT = "/q/";
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "OPTIONS");

    void register(@Observes Filters filters) {
        filters.register(ReadOnlyPaths::handle, PRIORITY);
    }

    private static void handle(RoutingContext context) {
        if (context.request().path().startsWith(ROOT) && !METHODS.contains(context.request().method().name())) {
            context.fail(HttpResponseStatus.METHOD_NOT_ALLOWED.code(), new Refusal(
                    HttpResponseStatus.METHOD_NOT_ALLOWED.code(),
                    "Method not allowed for this path, expected GET, HEAD or OPTIONS.",
                    Map.of("Allow", "GET, HEAD, OPTIONS")));
        } else {
            context.next();
        }
    }
}
