package io.clocktower.api;

import io.clocktower.clock.HostInstant;
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
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;

/** The alarms that guests have set. */
@Path("/api/v1")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "alarms")
public final class AlarmsResource {

    private static final List<String> COLUMNS = List.of("DEVICE", "CLOCK", "TYPE", "ENABLED", "PENDING", "WAITING-FOR",
            "DUE", "TRUE-DUE", "REMAINING", "EXPIRATIONS", "DELIVERED", "FORCED");

    private final DeviceHost devices;
    private final ChangeLog log;

    AlarmsResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @GET
    @Path("/alarms")
    @Operation(summary = "List the alarms of all devices", description = "In the order in which they are due in true time; those that are not to be last.")
    public List<AlarmView> all(
            @Parameter(description = "Only those that are, or are not, still to notify the guest") @RestQuery Boolean pending,
            @Parameter(description = "Only those of devices with this label, as name=value", example = "team=payments") @RestQuery List<String> label) {
        return find(pending, label).toList();
    }

    @GET
    @Path("/alarms")
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public String allAsTable(@RestQuery Boolean pending, @RestQuery List<String> label) {
        return table(find(pending, label));
    }

    private Stream<AlarmView> find(Boolean pending, List<String> label) {
        List<CompletableFuture<DeviceStatus>> selected = Answer.select(devices, label);
        return views(selected.stream().map(Answer::await))
                .filter(alarm -> pending == null || alarm.pending() == pending);
    }

    private Stream<AlarmView> views(Stream<DeviceStatus> statuses) {
        HostInstant now = devices.now();
        return statuses.flatMap(status -> devices.faults(status.name()).stream()
                .flatMap(faults -> AlarmView.of(status, faults, now))).sorted(AlarmView.BY_TRUE_DUE);
    }

    private static String table(Stream<AlarmView> alarms) {
        return Table.of(COLUMNS, alarms.map(alarm -> Table.row(alarm.device(), alarm.clock(), alarm.type(),
                alarm.enabled(), alarm.pending(), alarm.waitingFor(), alarm.due(), alarm.trueDue(), alarm.remaining(),
                alarm.expirations(), alarm.delivered(), alarm.forced())));
    }

    @GET
    @Path("/devices/{name}/alarms")
    @Operation(summary = "List the alarms of a device", description = "In the order in which they are due in true time; those that are not to be last.")
    public List<AlarmView> list(@RestPath String name) {
        return views(Stream.of(Answer.status(devices, name))).toList();
    }

    @GET
    @Path("/devices/{name}/alarms")
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public String listAsTable(@RestPath String name) {
        return table(views(Stream.of(Answer.status(devices, name))));
    }

    @GET
    @Path("/devices/{name}/alarms/{clock}")
    @Operation(summary = "Show the alarm of a clock")
    public AlarmView get(@RestPath String name, @RestPath int clock) {
        return one(Answer.status(devices, name), clock);
    }

    private AlarmView one(DeviceStatus status, int clock) {
        return views(Stream.of(status)).filter(alarm -> alarm.clock() == clock).findFirst()
                .orElseThrow(() -> new NotFoundException("Device %s has no clock %d with an alarm.".formatted(
                        status.name(), clock)));
    }

    @POST
    @Path("/devices/{name}/alarms/{clock}/expire")
    @Operation(summary = "Have an alarm expire now", description = "Notifies the guest whatever the alarm's time, which stays"
            + " as it is. Refused with 409 if the guest has not enabled it.")
    public AlarmView expire(@RestPath String name, @RestPath int clock) throws DeviceException {
        DeviceStatus status = devices.expire(name, clock);
        log.expired(name, clock);
        return one(status, clock);
    }
}
