package io.clocktower.api;

import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Evaluates the conditions of calls (RFC 9110, Conditional Requests). {@code If-None-Match} makes the answer to a read 304 if
 * the caller has that version already. A condition that a change does not evaluate is rejected, because the caller relies on
 * it.
 */
public final class ConditionFilter {

    private static final Set<String> READS = Set.of("GET", "HEAD");

    /** The answer to a call that goes no further; null lets it through. */
    @ServerRequestFilter
    public Response reject(ContainerRequestContext call, ResourceInfo resource) {
        String noneMatch = call.getHeaderString(HttpHeaders.IF_NONE_MATCH);
        if (READS.contains(call.getMethod())) {
            return noneMatch == null || Versions.isCondition(noneMatch)
                    ? null
                    : malformed(HttpHeaders.IF_NONE_MATCH,
                            Texts.shown(noneMatch) + ", expected the ETag of an answer, or *");
        }
        if (noneMatch != null) {
            return malformed(HttpHeaders.IF_NONE_MATCH, "not supported for changes, expected If-Match or no condition");
        }
        return call.getHeaderString(Versions.IF_MATCH) == null || takesIfMatch(resource.getResourceMethod())
                ? null
                : malformed(Versions.IF_MATCH, "not supported here: what is changed has no ETag");
    }

    private static boolean takesIfMatch(Method method) {
        return Arrays.stream(method.getParameters()).map(parameter -> parameter.getAnnotation(HeaderParam.class))
                .anyMatch(header -> header != null && header.value().equals(Versions.IF_MATCH));
    }

    private static Response malformed(String header, String detail) {
        return Problem.of(Status.BAD_REQUEST, List.of(new FieldError(header, detail))).toResponse();
    }

    /** Turns an answer into 304 if the caller has that version. */
    @ServerResponseFilter
    public void shorten(ContainerRequestContext call, ContainerResponseContext answer) {
        String noneMatch = call.getHeaderString(HttpHeaders.IF_NONE_MATCH);
        String tag = answer.getHeaderString(HttpHeaders.ETAG);
        if (noneMatch != null && tag != null && READS.contains(call.getMethod())
                && answer.getStatus() == Status.OK.getStatusCode() && Versions.matches(noneMatch, tag)) {
            answer.setStatus(Status.NOT_MODIFIED.getStatusCode());
            answer.setEntity(null);
        }
    }
}
