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

    /** A message that nobody gave repeats the status, and those of the library are about its own classes. */
    private static String detail(WebApplicationException refusal) {
        int status = refusal.getResponse().getStatus();
        String message = refusal.getMessage();
        boolean isGiven = message != null && !message.startsWith("HTTP " + status)
                && !message.startsWith("Unable to find");
        return switch (status) {
            case 406 -> "Accept: expected application/json or, of a list, text/plain.";
            case 415 -> "Content-Type: expected application/json.";
            case 404 -> isGiven ? message : "There is nothing at this path.";
            case 405 -> isGiven ? message : "The method is none of this path's.";
            case 400 -> isGiven ? message : "The call cannot be read: its Accept or Content-Type is none.";
            default -> isGiven ? message : null;
        };
    }
}
