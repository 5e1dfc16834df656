package io.clocktower.api;

import io.clocktower.device.DeviceException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.List;
import org.jboss.logging.Logger;

/** Answers with a problem document where a device refused what was asked of it. */
@Provider
public final class DeviceRefusalMapper implements ExceptionMapper<DeviceException> {

    private static final Logger LOG = Logger.getLogger(DeviceRefusalMapper.class);

    @Override
    public Response toResponse(DeviceException refusal) {
        return switch (refusal.reason()) {
            case NOT_FOUND -> Problem.of(Status.NOT_FOUND, refusal.getMessage()).toResponse();
            case CONFLICT -> Problem.of(Status.CONFLICT, refusal.getMessage()).toResponse();
            case CHANGED -> Problem.of(Status.PRECONDITION_FAILED, refusal.getMessage()).toResponse();
            case IMPOSSIBLE -> Problem.of(Problem.UNPROCESSABLE, List.of(refusal.fault().orElseThrow())).toResponse();
            case FAILED -> {
                LOG.errorf("a change was refused: %s", refusal.getMessage());
                yield Problem.of(Status.INTERNAL_SERVER_ERROR, refusal.getMessage()).toResponse();
            }
            case NO_ANSWER, NOT_KNOWN -> Problem.of(Status.SERVICE_UNAVAILABLE, refusal.getMessage()).toResponse();
        };
    }
}
