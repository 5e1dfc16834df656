package io.clocktower.api;

import io.clocktower.plan.PlanException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.List;

/** Answers with a problem document if a call asks for something that plans reject. */
@Provider
public final class PlanRefusalMapper implements ExceptionMapper<PlanException> {

    @Override
    public Response toResponse(PlanException error) {
        return (switch (error.reason()) {
            case NOT_FOUND -> Problem.of(Status.NOT_FOUND, error.getMessage());
            case CONFLICT -> Problem.of(Status.CONFLICT, error.getMessage());
            case IMPOSSIBLE -> Problem.of(Problem.UNPROCESSABLE, List.of(error.fault().orElseThrow()));
            case UNAVAILABLE -> Problem.of(Status.SERVICE_UNAVAILABLE, error.getMessage());
        }).toResponse();
    }
}
