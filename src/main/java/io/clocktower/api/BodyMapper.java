package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import jakarta.ws.rs.core.Response;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Answers with a problem document, of status 400, where a body cannot be read. */
public final class BodyMapper {

    /** The library has a mapper of its own for the first, which tells nothing. */
    @ServerExceptionMapper({MismatchedInputException.class, JsonProcessingException.class})
    public Response unreadable(JsonProcessingException refusal) {
        return problem(refusal).toResponse();
    }

    /** The bytes are no characters. */
    @ServerExceptionMapper
    public Response unreadable(CharConversionException refusal) {
        return Problem.of(Response.Status.BAD_REQUEST, "expected JSON in UTF-8").toResponse();
    }

    /** Who calls goes away in the middle of it, or is too slow; that is no failure of the service's, nor the log's affair. */
    @ServerExceptionMapper
    public Response unread(IOException refusal) {
        return Problem.of(Response.Status.BAD_REQUEST, "The body did not come to its end.").toResponse();
    }

    static Problem problem(JsonProcessingException refusal) {
        return Problem.of(Response.Status.BAD_REQUEST, List.of(JsonFaults.of(refusal)));
    }
}
