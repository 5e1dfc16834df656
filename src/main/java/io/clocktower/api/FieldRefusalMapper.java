package io.clocktower.api;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers with a problem document where a member of a request cannot be. */
@Provider
public final class FieldRefusalMapper implements ExceptionMapper<FieldException> {

    @Override
    public Response toResponse(FieldException refusal) {
        return Problem.of(refusal.isMalformed() ? Status.BAD_REQUEST : Problem.UNPROCESSABLE_CONTENT,
                refusal.field() + ": " + refusal.getMessage()).toResponse();
    }
}
