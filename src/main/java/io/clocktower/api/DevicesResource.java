package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;

/** The devices of the service. */
@Path("/api/v1/devices")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public final class DevicesResource {

    private final DeviceHost devices;

    DevicesResource(DeviceHost devices) {
        this.devices = devices;
    }

    @GET
    @Operation(summary = "List the devices", description = "In the order of their names.")
    @APIResponse(responseCode = "200", description = "The devices as they are now")
    @APIResponse(responseCode = "400", description = "A label is not name=value", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "503", description = "An event loop did not answer in time", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public List<DeviceView> list(
            @Parameter(description = "Only those with this label, as name=value; of several, with each", example = "team=payments") @RestQuery List<String> label) {
        // All are asked before the first is waited for.
        List<CompletableFuture<DeviceStatus>> selected = devices.specs().stream().filter(LabelSelector.of(label))
                .map(spec -> devices.status(spec.name())).flatMap(Optional::stream).toList();
        return selected.stream().map(Answer::await).map(DeviceView::of).toList();
    }

    @GET
    @Path("/{name}")
    @Operation(summary = "Show a device")
    @APIResponse(responseCode = "200", description = "The device as it is now")
    @APIResponse(responseCode = "404", description = "There is no such device", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "503", description = "The device's event loop did not answer in time", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public DeviceView get(@Parameter(description = "The device's name", example = "vm0") @RestPath String name) {
        return devices.status(name).map(Answer::await).map(DeviceView::of)
                .orElseThrow(() -> new NotFoundException("There is no device " + name + "."));
    }
}
