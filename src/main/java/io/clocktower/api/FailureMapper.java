package io.clocktower.api;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import org.jboss.logging.Logger;

/** Answers 500 with a problem document if the service itself failed. The log has the details. */
@Provider
public final class FailureMapper implements ExceptionMapper<Exception> {

    private static final Logger LOG = Logger.getLogger(FailureMapper.class);

    @Override
    public Response toResponse(Exception failure) {
        LOG.error("a call failed", failure);
        return Problem.of(Response.Status.INTERNAL_SERVER_ERROR, "Internal error; see the log of the service.")
                .toResponse();
    }
}
