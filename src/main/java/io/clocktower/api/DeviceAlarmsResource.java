package io.clocktower.api;

import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;

/**
 * The alarms that the guest of a device has set. A class of its own: below a class's path, a call that begins with another
 * class's longer one is not looked for.
 */
@Path("/api/v1/devices/{name}/alarms")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "alarms")
public final class DeviceAlarmsResource {

    private final DeviceHost devices;
    private final ChangeLog log;

    DeviceAlarmsResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @GET
    @Operation(summary = "List the alarms of a device", description = "In the order in which they are due in true time; those that are not to be last.")
    public List<AlarmView> list(@RestPath String name) {
        return AlarmsResource.views(devices, Stream.of(Answer.status(devices, name))).toList();
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> listAsTable(@RestPath String name) {
        return AlarmsResource.table(AlarmsResource.views(devices, Stream.of(Answer.status(devices, name))));
    }

    @GET
    @Path("/{clock}")
    @Operation(summary = "Show the alarm of a clock")
    public AlarmView get(@RestPath String name, @RestPath int clock) {
        return one(Answer.status(devices, name), clock);
    }

    private AlarmView one(DeviceStatus status, int clock) {
        return AlarmsResource.views(devices, Stream.of(status)).filter(alarm -> alarm.clock() == clock).findFirst()
                .orElseThrow(() -> new NotFoundException("Device %s has no clock %d with an alarm.".formatted(
                        status.name(), clock)));
    }

    @POST
    @Path("/{clock}/expire")
    @Operation(summary = "Have an alarm expire now", description = "Notifies the guest whatever the alarm's time, which stays"
            + " as it is.")
    @APIResponse(responseCode = "200", description = "The alarm after that", content = @Content(schema = @Schema(implementation = AlarmView.class)))
    @APIResponse(responseCode = "409", description = "The guest has not enabled it", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public AlarmView expire(@RestPath String name, @RestPath int clock) throws DeviceException {
        DeviceStatus status = devices.changes().expire(name, clock);
        log.expired(name, clock);
        return one(status, clock);
    }
}
