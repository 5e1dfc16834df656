package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers with a problem document where a resource, or the library before it, refused the call. */
@Provider
public final class RefusalMapper implements ExceptionMapper<WebApplicationException> {

    private static final String NO_METHOD = "Unable to find matching target resource method";

    @Override
    public Response toResponse(WebApplicationException refusal) {
        Response response = refusal.getResponse();
        if (response.getStatusInfo().getFamily() == Response.Status.Family.REDIRECTION) {
            return response;
        }
        Response.ResponseBuilder answer = Response
                .fromResponse(problem(refusal).toResponse());
        String allowed = response.getHeaderString(HttpHeaders.ALLOW);
        return allowed == null ? answer.build() : answer.header(HttpHeaders.ALLOW, allowed).build();
    }

    private static Problem problem(WebApplicationException refusal) {
        if (refusal instanceof FieldsException fields) {
            return fields.problem();
        }
        // The library wraps some of what it cannot read.
        return refusal.getCause() instanceof JsonProcessingException unreadable
                ? BodyMapper.problem(unreadable)
                : Problem.of(refusal.getResponse().getStatusInfo(), detail(refusal));
    }

    /** A message that nobody gave repeats the status, and one of the library's is about its own classes. */
    private static String detail(WebApplicationException refusal) {
        String message = refusal.getMessage();
        return message == null || message.startsWith("HTTP " + refusal.getResponse().getStatus())
                || message.equals(NO_METHOD) ? null : message;
    }
}
