package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import jakarta.ws.rs.core.Response;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Answers 400 with a problem document if a body cannot be read. */
public final class BodyMapper {

    /** The library has its own mapper for the first exception, whose answer says nothing. */
    @ServerExceptionMapper({MismatchedInputException.class, JsonProcessingException.class})
    public Response unreadable(JsonProcessingException error) {
        return problem(error).toResponse();
    }

    /** The body is not valid UTF-8. */
    @ServerExceptionMapper
    public Response unreadable(CharConversionException error) {
        return Problem.of(Response.Status.BAD_REQUEST, "The body is not valid UTF-8; expected JSON in UTF-8.")
                .toResponse();
    }

    /** The caller closes the connection in the middle of a body, or is too slow. The service has not failed, so nothing is logged. */
    @ServerExceptionMapper
    public Response unread(IOException error) {
        return Problem.of(Response.Status.BAD_REQUEST, "The body is incomplete.").toResponse();
    }

    static Problem problem(JsonProcessingException error) {
        return Problem.of(Response.Status.BAD_REQUEST, List.of(JsonErrors.of(error)));
    }
}
