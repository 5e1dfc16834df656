package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.List;

/** Answers a call that a resource, or the library before it, refused with a problem document. */
@Provider
public final class RefusalMapper implements ExceptionMapper<WebApplicationException> {

    private static final List<String> KEPT_HEADERS = List.of(HttpHeaders.ALLOW, HttpHeaders.RETRY_AFTER);

    @Override
    public Response toResponse(WebApplicationException refusal) {
        Response response = refusal.getResponse();
        if (response.getStatusInfo().getFamily() == Response.Status.Family.REDIRECTION) {
            return response;
        }
        Response.ResponseBuilder answer = Response
                .fromResponse(problem(refusal).toResponse());
        KEPT_HEADERS.forEach(name -> answer.header(name, response.getHeaderString(name)));
        return answer.build();
    }

    private static Problem problem(WebApplicationException refusal) {
        if (refusal instanceof FieldsException fields) {
            return fields.problem();
        }
        // The library wraps some of the JSON that it cannot read.
        return refusal.getCause() instanceof JsonProcessingException unreadable
                ? BodyMapper.problem(unreadable)
                : Problem.of(refusal.getResponse().getStatusInfo(), detail(refusal));
    }

    /** A default message repeats the status, and messages of the library are about its own classes. */
    private static String detail(WebApplicationException refusal) {
        int status = refusal.getResponse().getStatus();
        String message = refusal.getMessage();
        boolean isOurs = message != null && !message.startsWith("HTTP " + status)
                && !message.startsWith("Unable to find");
        return switch (status) {
            case 406 -> "Accept: expected application/json or, of a list, text/plain.";
            case 415 -> "Content-Type: expected application/json.";
            case 404 -> isOurs ? message : "Nothing exists at this path.";
            case 405 -> isOurs ? message : "Method not allowed for this path.";
            case 400 -> isOurs ? message : "The request is not valid: Accept or Content-Type is not a media type.";
            default -> isOurs ? message : null;
        };
    }
}
