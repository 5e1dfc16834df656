package io.clocktower.api;

import io.clocktower.spec.DeviceException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.List;
import org.jboss.logging.Logger;

/** Answers with a problem document if a call asks for something that a device rejects. */
@Provider
public final class DeviceRefusalMapper implements ExceptionMapper<DeviceException> {

    private static final Logger LOG = Logger.getLogger(DeviceRefusalMapper.class);

    @Override
    public Response toResponse(DeviceException error) {
        return switch (error.reason()) {
            case NOT_FOUND -> Problem.of(Status.NOT_FOUND, error.getMessage()).toResponse();
            case CONFLICT -> Problem.of(Status.CONFLICT, error.getMessage()).toResponse();
            case CHANGED -> Problem.of(Status.PRECONDITION_FAILED, error.getMessage()).toResponse();
            case IMPOSSIBLE -> Problem.of(Problem.UNPROCESSABLE, List.of(error.fault().orElseThrow())).toResponse();
            case FAILED -> {
                LOG.errorf("a change failed: %s", error.getMessage());
                yield Problem.of(Status.INTERNAL_SERVER_ERROR, error.getMessage()).toResponse();
            }
            case NO_ANSWER, NOT_KNOWN -> Problem.of(Status.SERVICE_UNAVAILABLE, error.getMessage()).toResponse();
        };
    }
}
