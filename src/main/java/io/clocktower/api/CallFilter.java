package io.clocktower.api;

import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Refuses calls with a method, parameter or header that no resource accepts, before a resource is matched. */
public final class CallFilter {

    private static final String API = "/api/";
    private static final String OPTIONS = "OPTIONS";
    private static final List<Class<?>> RESOURCES = List.of(AlarmsResource.class, AllFaultsResource.class,
            CallerResource.class,
            CounterResource.class,
            DevicesResource.class, EventsResource.class, FaultsResource.class, HostResource.class,
            DeviceAlarmsResource.class,
            OffsetsResource.class, PlansResource.class);

    private final CallRules rules = new CallRules(RESOURCES);

    /** The answer to a refused call; null lets it through. */
    @ServerRequestFilter(preMatching = true)
    public Response refuse(ContainerRequestContext call, RoutingContext routing) {
        // In normal form: others get no further than the filter for paths.
        String path = routing.request().path();
        Optional<CallRules.Target> target = rules.at(path);
        if (target.isEmpty() && path.startsWith(API)) {
            return Problem.of(Status.NOT_FOUND, "Nothing exists at this path.").toResponse();
        }
        return target.flatMap(it -> refusal(it, call, path)).orElse(null);
    }

    private static Optional<Response> refusal(CallRules.Target target, ContainerRequestContext call, String path) {
        String allowed = String.join(", ", target.methods());
        if (call.getMethod().equals(OPTIONS)) {
            return Optional.of(Response.ok().header(HttpHeaders.ALLOW, allowed).build());
        }
        if (!target.methods().contains(call.getMethod())) {
            return Optional.of(Response.fromResponse(Problem.of(Status.METHOD_NOT_ALLOWED,
                    "Method %s not allowed for this path, expected one of %s.".formatted(
                            Texts.shown(call.getMethod()), allowed))
                    .toResponse())
                    .header(HttpHeaders.ALLOW, allowed).build());
        }
        return header(call).or(() -> CallRules.refusal(target, call.getMethod(), path,
                call.getUriInfo().getQueryParameters()))
                .map(Problem::toResponse);
    }

    private static Optional<Problem> header(ContainerRequestContext call) {
        List<String> tags = call.getHeaders().get(Versions.IF_MATCH);
        if (tags != null && (tags.size() > 1 || tags.getFirst().isBlank())) {
            // The library ignores all but the first, and one without a value.
            return Optional.of(Problem.of(Status.BAD_REQUEST, List.of(new FieldError(Versions.IF_MATCH,
                    "expected once, with the ETag of an answer, or *"))));
        }
        String encoding = call.getHeaderString(HttpHeaders.CONTENT_ENCODING);
        return encoding == null || encoding.equalsIgnoreCase("identity")
                ? Optional.empty()
                : Optional.of(Problem.of(Status.UNSUPPORTED_MEDIA_TYPE, HttpHeaders.CONTENT_ENCODING + ": "
                        + Texts.quoted(encoding) + ", expected none"));
    }
}
