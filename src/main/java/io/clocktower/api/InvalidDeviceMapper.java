package io.clocktower.api;

import io.clocktower.device.InvalidDeviceException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers with a problem document where a change would make a device what none can be. */
@Provider
public final class InvalidDeviceMapper implements ExceptionMapper<InvalidDeviceException> {

    @Override
    public Response toResponse(InvalidDeviceException refusal) {
        return Problem.of(Problem.UNPROCESSABLE, refusal.faults()).toResponse();
    }
}
