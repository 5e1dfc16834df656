package io.clocktower.api;

import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceChanges.Injected;
import io.clocktower.device.DeviceHost;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.Texts;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.FaultEffect;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.PATCH;
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

    static final List<String> COLUMNS = List.of("DEVICE", "ID", "TYPE", "CLOCKS", "STATE", "START", "END",
            "READS", "AUTHOR", "REASON");

    private final DeviceHost devices;
    private final ChangeLog log;

    FaultsResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @GET
    @Operation(summary = "List the faults of a device", description = "In the order in which they are applied.")
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
        return Table.of(COLUMNS, faults.map(FaultsResource::row));
    }

    static List<Object> row(FaultView fault) {
        return Table.row(fault.device(), fault.id(), fault.type(),
                fault.clocks().stream().map(String::valueOf).collect(Collectors.joining(",")), fault.state(),
                fault.start(), fault.end(), fault.reads(), fault.author(), fault.reason());
    }

    @POST
    @Operation(summary = "Inject a fault", description = "The fault takes effect with the next reading of a clock, or at its start. It is applied after the faults that began before it.")
    @APIResponse(responseCode = "201", description = "The fault; Location has its URL", content = @Content(schema = @Schema(implementation = FaultView.class)))
    @APIResponse(responseCode = "200", description = "A dry run: the times that the clocks would show", content = @Content(schema = @Schema(implementation = PreviewView.class)))
    @APIResponse(responseCode = "409", description = "The device already has the maximum number of faults", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<?> inject(@RestPath String name, FaultBody fault,
            @Parameter(description = "Answer with the times that the clocks would show, and change nothing") @RestQuery boolean dryRun,
            @Parameter(description = "How far a dry run looks ahead: 0s to 36500 days. Default: 1m", example = "PT1M") @RestQuery String over,
            @Parameter(description = "At how many times a dry run reads the clocks, the first of them now: 2 to 1000. Default: 7", example = "7") @RestQuery Integer points,
            @HeaderParam(Versions.IF_MATCH) String ifMatch, @Context UriInfo uri)
            throws DeviceException {
        Optional<List<Long>> previewNs = PreviewView.times(dryRun, over, points);
        var request = FieldsException.required(fault).request(log.caller());
        if (previewNs.isPresent()) {
            log.dryRun();
            return RestResponse
                    .ok(PreviewView.of(devices.changes().preview(name, Optional.empty(), request, previewNs.get())));
        }
        Injected injected = log.changes(devices).inject(name, Versions.expected(ifMatch), Optional.empty(), request);
        log.changed(injected.changed());
        return Versions.created(uri, injected.injected().fault().id(),
                FaultView.injected(injected.after(), injected.injected()), injected.after());
    }

    @DELETE
    @Operation(summary = "Restore true time", description = "Reverts all faults of the device, including offsets. True time is back at once, even if the change cannot be"
            + " saved to disk.")
    @APIResponse(responseCode = "204", description = "The faults are reverted")
    @APIResponse(responseCode = "200", description = "The same, with warnings", content = @Content(schema = @Schema(implementation = RevertedView.class)))
    public RestResponse<RevertedView> revertAll(@RestPath String name, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        Changed changed = log.changes(devices).revert(name, Versions.expected(ifMatch), _ -> true);
        log.changed(changed);
        return RevertedView.answer(changed);
    }

    @GET
    @Path("/{fault}")
    @Operation(summary = "Show a fault")
    public RestResponse<FaultView> get(@RestPath String name, @RestPath String fault) throws DeviceException {
        DeviceStatus status = Answer.status(devices, name);
        return Versions.tagged(FaultView.of(name, find(status, fault)), status);
    }

    @PATCH
    @Path("/{fault}")
    @Operation(summary = "Change a fault", description = "Changes the duration or the reason of a fault; it goes on as it is. A duration counts from the"
            + " fault's start. One that would have ended the fault by now is rejected: revert it instead.")
    @APIResponse(responseCode = "200", description = "The fault after the change", content = @Content(schema = @Schema(implementation = FaultView.class)))
    public RestResponse<FaultView> change(@RestPath String name, @RestPath String fault, FaultChangeBody change,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Optional<String> reason = FieldsException.required(change).checkedReason();
        Predicate<DeviceVersion> expected = Versions.expected(ifMatch);
        requireFault(name, fault);
        return changed(log.changes(devices).changeFault(name, expected, fault,
                Optional.ofNullable(change.duration()), reason), fault);
    }

    @POST
    @Path("/{fault}/pause")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "Pause a fault", description = "Its clocks go on without it, and what is left of its duration stands still.")
    @APIResponse(responseCode = "200", description = "The fault after that", content = @Content(schema = @Schema(implementation = FaultView.class)))
    @APIResponse(responseCode = "409", description = "The fault is not active", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<FaultView> pause(@RestPath String name, @RestPath String fault,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Predicate<DeviceVersion> expected = Versions.expected(ifMatch);
        requireFault(name, fault);
        return changed(log.changes(devices).pause(name, expected, fault), fault);
    }

    @POST
    @Path("/{fault}/resume")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "Resume a paused fault", description = "It begins again for the time that was left, after the faults that are active: a drift from"
            + " zero, a freeze at the time of now, and a set time at that time.")
    @APIResponse(responseCode = "200", description = "The fault after that", content = @Content(schema = @Schema(implementation = FaultView.class)))
    @APIResponse(responseCode = "409", description = "The fault is not paused, or not possible any more", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<FaultView> resume(@RestPath String name, @RestPath String fault,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Predicate<DeviceVersion> expected = Versions.expected(ifMatch);
        requireFault(name, fault);
        return changed(log.changes(devices).resume(name, expected, fault), fault);
    }

    private RestResponse<FaultView> changed(Changed changed, String fault) {
        DeviceStatus status = log.changed(changed);
        return Versions.tagged(FaultView.of(status.name(), find(status, fault)), status);
    }

    @DELETE
    @Path("/{fault}")
    @Operation(summary = "Revert a fault")
    @APIResponse(responseCode = "204", description = "The fault is reverted")
    @APIResponse(responseCode = "200", description = "The same, with warnings", content = @Content(schema = @Schema(implementation = RevertedView.class)))
    public RestResponse<RevertedView> revert(@RestPath String name, @RestPath String fault,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Predicate<DeviceVersion> expected = Versions.expected(ifMatch);
        requireFault(name, fault);
        Changed changed = log.changes(devices).revert(name, expected, candidate -> candidate.id().equals(fault));
        log.changed(changed);
        return RevertedView.answer(changed);
    }

    /** A fault that is not there is 404, whatever version the caller expects. */
    private void requireFault(String name, String fault) throws DeviceException {
        if (devices.faults(devices.spec(name).name()).flatMap(faults -> faults.find(fault)).isEmpty()) {
            throw noSuch(name, fault);
        }
    }

    private static FaultEffect find(DeviceStatus status, String fault) {
        return status.faults().stream().filter(effect -> effect.fault().id().equals(fault)).findFirst()
                .orElseThrow(() -> noSuch(status.name(), fault));
    }

    private static NotFoundException noSuch(String device, String fault) {
        return new NotFoundException("Device %s has no fault %s.".formatted(device, Texts.quoted(fault)));
    }
}
