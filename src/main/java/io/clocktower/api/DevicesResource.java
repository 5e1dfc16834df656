package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The devices of the service. */
@Path("/api/v1/devices")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public final class DevicesResource {

    private static final long DEADLINE_MS = 2_000;

    private final DeviceHost devices;

    DevicesResource(DeviceHost devices) {
        this.devices = devices;
    }

    @GET
    @Operation(summary = "List the devices", description = "In the order of their names.")
    public List<DeviceView> list() {
        return devices.statuses().stream().map(DevicesResource::await).map(DeviceView::of).toList();
    }

    @GET
    @Path("/{name}")
    @Operation(summary = "Show a device")
    @APIResponse(responseCode = "200", description = "The device as it is now")
    @APIResponse(responseCode = "404", description = "There is no such device")
    @APIResponse(responseCode = "503", description = "The device's event loop did not answer in time")
    public DeviceView get(@PathParam("name") String name) {
        return devices.status(name).map(DevicesResource::await).map(DeviceView::of)
                .orElseThrow(() -> new NotFoundException("There is no device " + name + "."));
    }

    private static DeviceStatus await(CompletableFuture<DeviceStatus> status) {
        try {
            return status.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new ServiceUnavailableException("The device's event loop did not answer within 2 s.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceUnavailableException("The service is stopping.");
        }
    }
}
