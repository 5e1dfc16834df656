package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The host, whose clock is the source of time for all devices. */
@Path("/api/v1/host")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "host")
public final class HostResource {

    private final DeviceHost devices;
    private final String version;

    HostResource(DeviceHost devices, @ConfigProperty(name = "quarkus.application.version") String version) {
        this.devices = devices;
        this.version = version;
    }

    @GET
    @Operation(summary = "Show the host's time", description = "How well the host's clock is synchronized, according to the kernel, and the known leap seconds. The true time of the devices is no better than that.")
    @APIResponse(responseCode = "200", description = "The host now; what the kernel does not tell is left out")
    public HostView get() {
        return HostView.of(devices.hostStatus(), devices.pollingOff(), version,
                Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime()));
    }
}
