package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.spec.DeviceException;
import io.clocktower.status.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.List;
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

/**
 * The alarms of one device. They have a class of their own because RESTEasy chooses the class with the longest matching path,
 * and then looks for a method in no other class.
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
    @Operation(summary = "List the alarms of a device", description = "Sorted by the true time at which they are due; those without one come last.")
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
                .orElseThrow(() -> new NotFoundException("Device %s has no clock %d that has an alarm.".formatted(
                        status.name(), clock)));
    }

    @POST
    @Path("/{clock}/expire")
    @Operation(summary = "Expire an alarm now", description = "Notifies the guest, whatever the alarm's time is. The time"
            + " does not change. Linux ignores the notification of an alarm that is not due by its own reading; with step=true the"
            + " clock is moved past the alarm instead, by a fault that stays until it is reverted.")
    @APIResponse(responseCode = "200", description = "The alarm after the notification", content = @Content(schema = @Schema(implementation = AlarmView.class)))
    @APIResponse(responseCode = "409", description = "The guest has not enabled the alarm", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public AlarmView expire(@RestPath String name, @RestPath int clock,
            @Parameter(description = "Move the clock past the alarm, instead of only notifying the guest") @RestQuery boolean step,
            @HeaderParam(Versions.IF_MATCH) String ifMatch)
            throws DeviceException {
        DeviceStatus status;
        List<String> warnings = new ArrayList<>();
        if (step) {
            status = log.changed(log.changes(devices)
                    .stepPastAlarm(name, Versions.expected(ifMatch), clock, log.caller()).changed());
        } else {
            status = log.changes(devices).expire(name, Versions.expected(ifMatch), clock);
            log.expired(name, clock);
            Warnings.notDue(status, clock).ifPresent(warnings::add);
        }
        Warnings.obstacle(status).ifPresent(warnings::add);
        return one(status, clock).with(warnings);
    }
}
