package io.clocktower.api;

import io.clocktower.plan.PlanException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.List;

/** Answers with a problem document where what is asked of plans cannot be done. */
@Provider
public final class PlanRefusalMapper implements ExceptionMapper<PlanException> {

    @Override
    public Response toResponse(PlanException refusal) {
        return (switch (refusal.reason()) {
            case NOT_FOUND -> Problem.of(Status.NOT_FOUND, refusal.getMessage());
            case CONFLICT -> Problem.of(Status.CONFLICT, refusal.getMessage());
            case IMPOSSIBLE -> Problem.of(Problem.UNPROCESSABLE, List.of(refusal.fault().orElseThrow()));
            case UNAVAILABLE -> Problem.of(Status.SERVICE_UNAVAILABLE, refusal.getMessage());
        }).toResponse();
    }
}
