package io.clocktower.api;

import io.clocktower.device.FieldFault;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Refuses, before a resource is sought, what no resource takes: methods, parameters and headers. */
public final class CallFilter {

    private static final String OPTIONS = "OPTIONS";
    private static final List<Class<?>> RESOURCES = List.of(AlarmsResource.class, CounterResource.class,
            DevicesResource.class, EventsResource.class, FaultsResource.class, HostResource.class,
            DeviceAlarmsResource.class,
            OffsetsResource.class, PlansResource.class);

    private final CallRules rules = new CallRules(RESOURCES);

    /** The answer to a call that goes no further; null lets it through. */
    @ServerRequestFilter(preMatching = true)
    public Response refuse(ContainerRequestContext call, RoutingContext routing) {
        String path = routing.normalizedPath();
        return rules.at(path).flatMap(target -> refusal(target, call, path)).orElse(null);
    }

    private static Optional<Response> refusal(CallRules.Target target, ContainerRequestContext call, String path) {
        String allowed = String.join(", ", target.methods());
        if (call.getMethod().equals(OPTIONS)) {
            return Optional.of(Response.ok().header(HttpHeaders.ALLOW, allowed).build());
        }
        if (!target.methods().contains(call.getMethod())) {
            return Optional.of(Response.fromResponse(Problem.of(Status.METHOD_NOT_ALLOWED,
                    "%s, expected one of %s".formatted(FieldFault.shown(call.getMethod()), allowed)).toResponse())
                    .header(HttpHeaders.ALLOW, allowed).build());
        }
        return header(call).or(() -> CallRules.refusal(target, call.getMethod(), path,
                call.getUriInfo().getQueryParameters()))
                .map(Problem::toResponse);
    }

    private static Optional<Problem> header(ContainerRequestContext call) {
        List<String> tags = call.getHeaders().get(Versions.IF_MATCH);
        if (tags != null && (tags.size() > 1 || tags.getFirst().isBlank())) {
            // The library leaves out of account all but the first, and one without a value.
            return Optional.of(Problem.of(Status.BAD_REQUEST, List.of(new FieldFault(Versions.IF_MATCH,
                    "expected once, with the ETag of an answer, or *"))));
        }
        String encoding = call.getHeaderString(HttpHeaders.CONTENT_ENCODING);
        return encoding == null || encoding.equalsIgnoreCase("identity")
                ? Optional.empty()
                : Optional.of(Problem.of(Status.UNSUPPORTED_MEDIA_TYPE, HttpHeaders.CONTENT_ENCODING + ": "
                        + FieldFault.quoted(encoding) + ", expected none"));
    }
}
