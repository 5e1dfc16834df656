package io.clocktower.api;

import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.StatusPages;
import io.clocktower.plan.PlanException;
import io.clocktower.plan.Plans;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.LabelSelector;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The faults of all devices. */
@Path("/api/v1/faults")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "faults")
public final class AllFaultsResource {

    private static final int SHOWN = 3;

    private final DeviceHost devices;
    private final Plans plans;
    private final ChangeLog log;
    private final Lists lists;

    AllFaultsResource(DeviceHost devices, Plans plans, ChangeLog log, Lists lists) {
        this.devices = devices;
        this.plans = plans;
        this.log = log;
        this.lists = lists;
    }

    @GET
    @Operation(summary = "List the faults of all devices", description = "By the devices' names, and of each device in the order in which they are applied.")
    @APIResponse(responseCode = "200", description = "OK", content = @Content(schema = @Schema(type = SchemaType.ARRAY, implementation = FaultView.class)))
    public StreamingOutput list(
            @Parameter(description = "Only faults of devices that have this label, as name=value; may be repeated for devices that have all of the labels", example = "team=payments") @RestQuery List<String> label,
            @Parameter(hidden = true) @Context HttpServerRequest request) {
        StatusPages pages = Answer.select(devices, label);
        return lists.json(request, () -> Lists.stream(pages).flatMap(FaultsResource::views));
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<StreamingOutput> table(@RestQuery List<String> label, @Context HttpServerRequest request) {
        StatusPages pages = Answer.select(devices, label);
        return lists.table(request, FaultsResource.COLUMNS,
                () -> Lists.stream(pages).flatMap(FaultsResource::views).map(FaultsResource::row));
    }

    @DELETE
    @Operation(summary = "Restore true time of all devices", description = "Reverts all faults of all devices, or of those with some labels, at once, even if"
            + " the change cannot be saved to disk. Plans that are running go on, and inject their next faults, unless stopPlans is true."
            + " To inject a fault into several devices, run a plan of one step.")
    @APIResponse(responseCode = "200", description = "All of them show true time", content = @Content(schema = @Schema(implementation = FleetRevertedView.class)))
    @APIResponse(responseCode = "404", description = "No device has the labels", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "503", description = "Some devices did not answer; the others show true time", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public FleetRevertedView revertAll(@RestQuery List<String> label,
            @Parameter(description = "Stop all plans first, so that they inject nothing more") @RestQuery boolean stopPlans) {
        LabelSelector selector = LabelQuery.selector(label);
        List<String> names = devices.specs().stream().filter(device -> selector.matches(device.labels()))
                .map(device -> device.name()).toList();
        if (names.isEmpty() && !label.isEmpty()) {
            throw new NotFoundException("No device has %s.".formatted(String.join(" and ", label)));
        }
        List<String> stopped = stopPlans ? stopPlans() : List.of();
        Map<String, Changed> reverted = new LinkedHashMap<>();
        Map<String, String> failed = new LinkedHashMap<>();
        revert(names, reverted, failed);
        reverted.values().forEach(log::changed);
        if (!failed.isEmpty()) {
            throw new ServiceUnavailableException("%d of %d devices show true time; not reverted: %s".formatted(
                    names.size() - failed.size(), names.size(), failed.entrySet().stream().limit(SHOWN)
                            .map(device -> device.getKey() + ": " + device.getValue()).toList()));
        }
        return FleetRevertedView.of(names.size(), List.copyOf(reverted.values()), stopped, plans.running());
    }

    private List<String> stopPlans() {
        List<String> stopped = new ArrayList<>();
        for (String id : plans.running()) {
            try {
                log.stopped(plans.get(id), plans.stop(id, log.caller()));
                stopped.add(id);
            } catch (PlanException e) {
                // It was forgotten since, and so has ended.
                continue;
            }
        }
        return stopped;
    }

    /** All at once: a device whose loop or disk is slow keeps no other from true time. */
    private void revert(List<String> names, Map<String, Changed> reverted, Map<String, String> failed) {
        Map<String, Future<Changed>> answers = new LinkedHashMap<>();
        var changes = log.changes(devices);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            names.stream().filter(this::hasFaults).forEach(name -> answers.put(name,
                    threads.submit(() -> changes.revert(name, DeviceVersion.ANY, _ -> true))));
        }
        answers.forEach((name, answer) -> {
            try {
                reverted.put(name, answer.get());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof DeviceException refused)) {
                    throw new IllegalStateException(e.getCause());
                }
                if (refused.reason() != DeviceException.Reason.NOT_FOUND) {
                    failed.put(name, refused.getMessage());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ServiceUnavailableException("The service is stopping.");
            }
        });
    }

    private boolean hasFaults(String name) {
        return devices.faults(name).filter(faults -> !faults.list().isEmpty()).isPresent();
    }
}
