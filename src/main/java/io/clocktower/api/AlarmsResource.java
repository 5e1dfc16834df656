package io.clocktower.api;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The alarms that guests have set, of all devices. */
@Path("/api/v1/alarms")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "alarms")
public final class AlarmsResource {

    private static final List<String> COLUMNS = List.of("DEVICE", "CLOCK", "TYPE", "ENABLED", "PENDING", "WAITING-FOR",
            "DUE", "TRUE-DUE", "REMAINING", "EXPIRATIONS", "DELIVERED", "FORCED");

    private final DeviceHost devices;

    AlarmsResource(DeviceHost devices) {
        this.devices = devices;
    }

    @GET
    @Operation(summary = "List the alarms of all devices", description = "In the order in which they are due in true time; those that are not to be last.")
    public List<AlarmView> all(
            @Parameter(description = "Only those that are, or are not, still to notify the guest") @RestQuery Boolean pending,
            @Parameter(description = "Only those of devices with this label, as name=value", example = "team=payments") @RestQuery List<String> label) {
        return find(pending, label).toList();
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> allAsTable(@RestQuery Boolean pending, @RestQuery List<String> label) {
        return table(find(pending, label));
    }

    private Stream<AlarmView> find(Boolean pending, List<String> label) {
        return views(devices, Answer.select(devices, label).stream())
                .filter(alarm -> pending == null || alarm.pending() == pending);
    }

    static Stream<AlarmView> views(DeviceHost devices, Stream<DeviceStatus> statuses) {
        HostInstant now = devices.now();
        return statuses.flatMap(status -> devices.faults(status.name()).stream()
                .flatMap(faults -> AlarmView.of(status, faults, now))).sorted(AlarmView.BY_TRUE_DUE);
    }

    static RestResponse<String> table(Stream<AlarmView> alarms) {
        return Table.of(COLUMNS, alarms.map(alarm -> Table.row(alarm.device(), alarm.clock(), alarm.type(),
                alarm.enabled(), alarm.pending(), alarm.waitingFor(), alarm.due(), alarm.trueDue(), alarm.remaining(),
                alarm.expirations(), alarm.delivered(), alarm.forced())));
    }
}
