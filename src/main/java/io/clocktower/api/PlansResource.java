package io.clocktower.api;

import io.clocktower.plan.Plan;
import io.clocktower.plan.PlanException;
import io.clocktower.plan.PlanStatus;
import io.clocktower.plan.Plans;
import io.clocktower.plan.Schedule;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** Plans: timed faults over devices that are selected by label. */
@Path("/api/v1/plans")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "plans")
public final class PlansResource {

    private static final List<String> COLUMNS = List.of("ID", "NAME", "STATE", "START", "END", "SEED", "TOTAL",
            "PENDING", "INJECTED", "FAILED", "REVERTED", "CANCELLED", "MISSED", "ACTIVE", "NEXT", "AUTHOR");
    private static final List<String> ITEM_COLUMNS = List.of("AT", "STEP", "DEVICE", "TYPE", "STATE", "FAULT",
            "INJECTED", "ACTIVE", "REASON");
    private static final String EXAMPLE = """
            {
              "name": "skew, then jitter",
              "seed": 42,
              "steps": [
                {
                  "label": ["team=payments", "tier=1"],
                  "percent": 50,
                  "fault": { "type": "step", "offset": "-PT5M", "duration": "PT10M", "reason": "rehearsing CHG-1234" }
                },
                {
                  "at": "PT1M",
                  "jitter": "PT10S",
                  "devices": ["vm0", "vm1", "vm2"],
                  "count": 2,
                  "fault": { "type": "jitter", "clock": 0, "range": "PT0.05S", "interval": "PT1S", "duration": "PT5M" }
                }
              ]
            }
            """;

    private final Plans plans;
    private final ChangeLog log;

    PlansResource(Plans plans, ChangeLog log) {
        this.plans = plans;
        this.log = log;
    }

    @POST
    @Operation(summary = "Run a plan", description = "The whole plan is checked first, and its schedule is made with the present devices:"
            + " devices created later are not in it. It begins at once. An item that fails does not end the plan. A plan with a"
            + " schedule waits for its first run instead, and each run has the devices that are there then: what is left of the"
            + " run before is stopped and reverted first, and a run that cannot begin is skipped. Plans are kept on disk, and go"
            + " on when the service restarts.")
    @APIResponse(responseCode = "201", description = "The plan runs, or waits for its first run; Location is the path of its progress", content = @Content(schema = @Schema(implementation = PlanView.class)))
    @APIResponse(responseCode = "200", description = "A dry run: its schedule", content = @Content(schema = @Schema(implementation = PlanView.class)))
    @APIResponse(responseCode = "409", description = "16 plans are running or waiting already", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<PlanView> start(
            @RequestBody(required = true, content = @Content(schema = @Schema(implementation = PlanBody.class), examples = @ExampleObject(name = "plan", value = EXAMPLE))) PlanBody body,
            @Parameter(description = "Answer with the schedule, and change nothing") @RestQuery boolean dryRun,
            @Context UriInfo uri) throws PlanException {
        String author = log.caller();
        Plan plan = FieldsException.required(body).plan(author);
        Schedule schedule = plans.schedule(plan);
        if (dryRun) {
            log.dryRun();
            return RestResponse.ok(PlanView.of(plan, schedule));
        }
        PlanStatus started = plans.start(plan, schedule, author);
        log.started(started);
        return ResponseBuilder.<PlanView>created(uri.getAbsolutePathBuilder().path(started.id()).build())
                .entity(PlanView.of(started)).build();
    }

    @GET
    @Operation(summary = "List the plans", description = "The plans that run or wait, and the last 100 that have ended, in the order of their"
            + " starts, without their items.")
    public List<PlanView> list() {
        return plans.list().stream().map(PlanView::summary).toList();
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> table() {
        return Table.of(COLUMNS, list().stream()
                .map(plan -> Table.row(plan.id(), plan.name(), plan.state(), plan.start(), plan.end(), plan.seed(),
                        plan.total(), plan.pending(), plan.injected(), plan.failed(), plan.reverted(), plan.cancelled(),
                        plan.missed(), plan.active(), plan.next(), plan.author())));
    }

    @GET
    @Path("/{id}")
    @Operation(summary = "Show a plan and its progress")
    @APIResponse(responseCode = "200", description = "The plan", content = @Content(schema = @Schema(implementation = PlanView.class)))
    public PlanView get(@Parameter(description = "The plan's id", example = "p1") @RestPath String id)
            throws PlanException {
        return PlanView.of(plans.get(id));
    }

    @GET
    @Path("/{id}")
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> itemTable(@RestPath String id) throws PlanException {
        return Table.of(ITEM_COLUMNS, get(id).items().stream()
                .map(item -> Table.row(item.at(), item.step(), item.device(), item.type(), item.state(), item.fault(),
                        item.injected(), item.active(), item.reason())));
    }

    @POST
    @Path("/{id}/stop")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "Stop a plan", description = "Cancels the items that are still pending and the runs that are to come, and reverts those of its faults that"
            + " devices still have, and no others. For a plan that has ended, only the faults are reverted. An item whose"
            + " fault could not be reverted has a reason; stop the plan again to retry.")
    @APIResponse(responseCode = "200", description = "The plan after that", content = @Content(schema = @Schema(implementation = PlanView.class)))
    public PlanView stop(@RestPath String id) throws PlanException {
        PlanStatus before = plans.get(id);
        PlanStatus after = plans.stop(id, log.caller());
        log.stopped(before, after);
        return PlanView.of(after);
    }

    @DELETE
    @Path("/{id}")
    @Operation(summary = "Forget a plan", description = "A running plan is stopped first. The faults of a plan that has ended stay"
            + " until their durations end.")
    public void forget(@RestPath String id) throws PlanException {
        plans.forget(id, log.caller());
        log.forgotten(id);
    }
}
