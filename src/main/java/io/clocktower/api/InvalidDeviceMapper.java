package io.clocktower.api;

import io.clocktower.spec.InvalidDeviceException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers 422 with a problem document if a change would break a rule for devices. */
@Provider
public final class InvalidDeviceMapper implements ExceptionMapper<InvalidDeviceException> {

    @Override
    public Response toResponse(InvalidDeviceException error) {
        return Problem.of(Problem.UNPROCESSABLE, error.faults()).toResponse();
    }
}
