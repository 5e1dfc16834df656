package io.clocktower.api;

import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
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

/** The offsets of devices and of single clocks: the fault that is wanted most, as a value that is set. */
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
    @Operation(summary = "Show the offset of a device", description = "Zero if there is none.")
    public RestResponse<OffsetView> get(@RestPath String name) throws DeviceException {
        return show(Answer.status(devices, name), Optional.empty());
    }

    @PUT
    @Path("/offset")
    @Operation(summary = "Set the offset of a device", description = "Moves all clocks but the monotonic ones, from the next reading on.")
    @APIResponse(responseCode = "200", description = "The offset as it is now; of a dry run what the clocks would show", content = @Content(schema = @Schema(oneOf = {
            OffsetView.class, PreviewView.class})))
    public RestResponse<?> put(@RestPath String name, OffsetBody offset, @RestQuery boolean dryRun,
            @RestQuery String over, @RestQuery Integer points, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        return put(name, Optional.empty(), offset, PreviewView.times(dryRun, over, points), ifMatch);
    }

    @DELETE
    @Path("/offset")
    @Operation(summary = "Take the offset of a device back")
    public void delete(@RestPath String name, @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        delete(name, Optional.empty(), ifMatch);
    }

    @GET
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Show the offset of a clock", description = "That of the clock alone: the device's comes on top. Zero if there is none.")
    public RestResponse<OffsetView> getOfClock(@RestPath String name, @RestPath int clock) throws DeviceException {
        DeviceStatus status = Answer.status(devices, name);
        Answer.requireClock(status, clock);
        return show(status, Optional.of(clock));
    }

    @PUT
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Set the offset of a clock", description = "Moves this clock alone, from its next reading on.")
    @APIResponse(responseCode = "200", description = "The offset as it is now; of a dry run what the clocks would show", content = @Content(schema = @Schema(oneOf = {
            OffsetView.class, PreviewView.class})))
    public RestResponse<?> putOfClock(@RestPath String name, @RestPath int clock, OffsetBody offset,
            @RestQuery boolean dryRun,
            @RestQuery String over, @RestQuery Integer points, @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        Answer.requireClock(Answer.status(devices, name), clock);
        return put(name, Optional.of(clock), offset, PreviewView.times(dryRun, over, points), ifMatch);
    }

    @DELETE
    @Path("/clocks/{clock}/offset")
    @Operation(summary = "Take the offset of a clock back")
    public void deleteOfClock(@RestPath String name, @RestPath int clock,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        Answer.requireClock(Answer.status(devices, name), clock);
        delete(name, Optional.of(clock), ifMatch);
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
            return RestResponse.ok(PreviewView.of(devices.changes().preview(name, id, request, previewNs.get())));
        }
        return show(log.changed(devices.changes().inject(name, Versions.expected(ifMatch), id, request)), clock);
    }

    private void delete(String name, Optional<Integer> clock, String ifMatch) throws DeviceException {
        String id = OffsetView.id(clock);
        log.changed(devices.changes().revert(name, Versions.expected(ifMatch), fault -> fault.id().equals(id)));
    }
}
