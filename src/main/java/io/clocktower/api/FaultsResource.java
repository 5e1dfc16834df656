package io.clocktower.api;

import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceStatus;
import io.clocktower.device.DeviceVersion;
import io.clocktower.device.DeviceStatus.FaultEffect;
import io.clocktower.device.FieldFault;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The faults of a device. */
@Path("/api/v1/devices/{name}/faults")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "faults")
public final class FaultsResource {

    private static final List<String> COLUMNS = List.of("DEVICE", "ID", "TYPE", "CLOCKS", "STATE", "START", "END",
            "READS", "AUTHOR", "REASON");

    private final DeviceHost devices;
    private final ChangeLog log;

    FaultsResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @GET
    @Operation(summary = "List the faults of a device", description = "In the order in which they are composed.")
    public RestResponse<List<FaultView>> list(@RestPath String name) throws DeviceException {
        DeviceStatus status = Answer.status(devices, name);
        return Versions.tagged(views(status).toList(), status);
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> table(@RestPath String name) throws DeviceException {
        return table(views(Answer.status(devices, name)));
    }

    static Stream<FaultView> views(DeviceStatus status) {
        return status.faults().stream().map(effect -> FaultView.of(status.name(), effect));
    }

    static RestResponse<String> table(Stream<FaultView> faults) {
        return Table.of(COLUMNS, faults.map(fault -> Table.row(fault.device(), fault.id(), fault.type(),
                fault.clocks().stream().map(String::valueOf).collect(Collectors.joining(",")), fault.state(),
                fault.start(), fault.end(), fault.reads(),
                fault.author(), fault.reason())));
    }

    @POST
    @Operation(summary = "Inject a fault", description = "It takes effect from the next reading on, after the faults that are there.")
    @APIResponse(responseCode = "201", description = "The fault, and where it is", content = @Content(schema = @Schema(implementation = FaultView.class)))
    @APIResponse(responseCode = "200", description = "Of a dry run", content = @Content(schema = @Schema(implementation = PreviewView.class)))
    @APIResponse(responseCode = "409", description = "The device has as many faults as it may have", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<?> inject(@RestPath String name, FaultBody fault,
            @Parameter(description = "Answer what each clock would show, and change nothing") @RestQuery boolean dryRun,
            @Parameter(description = "How far a dry run looks ahead", example = "PT1M") @RestQuery String over,
            @Parameter(description = "At how many times a dry run reads the clocks", example = "7") @RestQuery Integer points,
            @HeaderParam(Versions.IF_MATCH) String ifMatch, @Context UriInfo uri)
            throws DeviceException {
        Optional<List<Long>> previewNs = PreviewView.times(dryRun, over, points);
        var request = FieldsException.required(fault).request(log.caller());
        if (previewNs.isPresent()) {
            return RestResponse
                    .ok(PreviewView.of(devices.changes().preview(name, Optional.empty(), request, previewNs.get())));
        }
        Changed changed = devices.changes().inject(name, Versions.expected(ifMatch), Optional.empty(), request);
        log.changed(changed);
        FaultEffect injected = changed.injected();
        return Versions.created(uri, injected.fault().id(), FaultView.of(name, injected), changed.after());
    }

    @DELETE
    @Operation(summary = "Restore true time", description = "Reverts all faults of the device at once, offsets too.")
    public void revertAll(@RestPath String name, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        log.changed(devices.changes().revert(name, Versions.expected(ifMatch), _ -> true));
    }

    @GET
    @Path("/{fault}")
    @Operation(summary = "Show a fault")
    public RestResponse<FaultView> get(@RestPath String name, @RestPath String fault) throws DeviceException {
        DeviceStatus status = Answer.status(devices, name);
        return Versions.tagged(FaultView.of(name, find(status, fault)), status);
    }

    @DELETE
    @Path("/{fault}")
    @Operation(summary = "Revert a fault")
    public void revert(@RestPath String name, @RestPath String fault, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        Predicate<DeviceVersion> expected = Versions.expected(ifMatch);
        find(Answer.status(devices, name), fault);
        log.changed(devices.changes().revert(name, expected, candidate -> candidate.id().equals(fault)));
    }

    private static FaultEffect find(DeviceStatus status, String fault) {
        return status.faults().stream().filter(effect -> effect.fault().id().equals(fault)).findFirst()
                .orElseThrow(() -> new NotFoundException("device %s has no fault %s".formatted(status.name(),
                        FieldFault.quoted(fault))));
    }
}
