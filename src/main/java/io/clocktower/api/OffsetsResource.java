package io.clocktower.api;

import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceChanges.Injected;
import io.clocktower.device.DeviceHost;
import io.clocktower.spec.DeviceException;
import io.clocktower.status.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The offsets of devices and of single clocks: the most common fault, as a value to set. */
@Path("/api/v1/devices/{name}")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "offsets")
public final class OffsetsResource {

    private final DeviceHost devices;
    private final ChangeLog log;

    OffsetsResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @GET
    @Path("/offset")
    @Operation(summary = "Show the offset of a device", description = "Zero if none is set.")
    public RestResponse<OffsetView> get(@RestPath String name) throws DeviceException {
        return show(Answer.status(devices, name), Optional.empty());
    }

    @PUT
    @Path("/offset")
    @Operation(summary = "Set the offset of a device", description = "Moves all clocks except monotonic ones, from the next reading on.")
    @APIResponse(responseCode = "200", description = "The offset after the change; for a dry run, the times that the clocks would show", content = @Content(schema = @Schema(oneOf = {
            OffsetView.class, PreviewView.class})))
    public RestResponse<?> put(@RestPath String name, OffsetBody offset, @RestQuery boolean dryRun,
            @RestQuery String over, @RestQuery Integer points, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        return put(name, Optional.empty(), offset, PreviewView.times(dryRun, over, points), ifMatch);
    }

    @DELETE
    @Path("/offset")
    @Operation(summary = "Revert the offset of a device", description = "True time is back at once, even if the change cannot be saved to disk.")
    @APIResponse(responseCode = "204", description = "The offset is reverted")
    @APIResponse(responseCode = "200", description = "The same, with warnings", content = @Content(schema = @Schema(implementation = RevertedView.class)))
    public RestResponse<RevertedView> delete(@RestPath String name, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        return delete(name, Optional.empty(), ifMatch);
    }

    @GET
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Show the offset of a clock", description = "The offset of this clock alone; the offset of the device is added to it. Zero if none is set.")
    public RestResponse<OffsetView> getOfClock(@RestPath String name, @RestPath int clock) throws DeviceException {
        DeviceStatus status = Answer.status(devices, name);
        Answer.requireClock(status.spec(), clock);
        return show(status, Optional.of(clock));
    }

    @PUT
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Set the offset of a clock", description = "Moves only this clock, from its next reading on.")
    @APIResponse(responseCode = "200", description = "The offset after the change; for a dry run, the times that the clocks would show", content = @Content(schema = @Schema(oneOf = {
            OffsetView.class, PreviewView.class})))
    public RestResponse<?> putOfClock(@RestPath String name, @RestPath int clock, OffsetBody offset,
            @RestQuery boolean dryRun,
            @RestQuery String over, @RestQuery Integer points, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        Answer.requireClock(devices.spec(name), clock);
        return put(name, Optional.of(clock), offset, PreviewView.times(dryRun, over, points), ifMatch);
    }

    @DELETE
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Revert the offset of a clock", description = "True time is back at once, even if the change cannot be saved to disk.")
    @APIResponse(responseCode = "204", description = "The offset is reverted")
    @APIResponse(responseCode = "200", description = "The same, with warnings", content = @Content(schema = @Schema(implementation = RevertedView.class)))
    public RestResponse<RevertedView> deleteOfClock(@RestPath String name, @RestPath int clock,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Answer.requireClock(devices.spec(name), clock);
        return delete(name, Optional.of(clock), ifMatch);
    }

    private static RestResponse<OffsetView> show(DeviceStatus status, Optional<Integer> clock) {
        return Versions.tagged(OffsetView.of(status, clock), status);
    }

    private RestResponse<?> put(String name, Optional<Integer> clock, OffsetBody offset,
            Optional<List<Long>> previewNs,
            String ifMatch) throws DeviceException {
        Optional<String> id = Optional.of(OffsetView.id(clock));
        var request = FieldsException.required(offset).request(clock, log.caller());
        if (previewNs.isPresent()) {
            log.dryRun();
            return RestResponse.ok(PreviewView.of(devices.changes().preview(name, id, request, previewNs.get())));
        }
        Injected injected = log.changes(devices).inject(name, Versions.expected(ifMatch), id, request);
        DeviceStatus status = log.changed(injected.changed());
        return Versions.tagged(OffsetView.set(status, clock, injected.injected().clocks()), status);
    }

    private RestResponse<RevertedView> delete(String name, Optional<Integer> clock, String ifMatch)
            throws DeviceException {
        String id = OffsetView.id(clock);
        Changed changed = log.changes(devices).revert(name, Versions.expected(ifMatch),
                fault -> fault.id().equals(id));
        log.changed(changed);
        return RevertedView.answer(changed);
    }
}
