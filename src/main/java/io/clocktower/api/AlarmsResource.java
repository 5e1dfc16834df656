package io.clocktower.api;

import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.StatusPages;
import io.clocktower.status.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The alarms of all devices, which guests set. */
@Path("/api/v1/alarms")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "alarms")
public final class AlarmsResource {

    private static final List<String> COLUMNS = List.of("DEVICE", "CLOCK", "TYPE", "ENABLED", "PENDING", "WAITING-FOR",
            "DUE", "TRUE-DUE", "REMAINING", "EXPIRATIONS", "DELIVERED", "FORCED");

    private final DeviceHost devices;
    private final Lists lists;

    AlarmsResource(DeviceHost devices, Lists lists) {
        this.lists = lists;
        this.devices = devices;
    }

    @GET
    @Operation(summary = "List the alarms of all devices", description = "Sorted by the true time at which they are due; those without one come last.")
    @APIResponse(responseCode = "200", description = "OK", content = @Content(schema = @Schema(type = SchemaType.ARRAY, implementation = AlarmView.class)))
    public StreamingOutput all(
            @Parameter(description = "true: only pending alarms; false: only those that are not pending") @RestQuery Boolean pending,
            @Parameter(description = "Only alarms of devices that have this label, as name=value; may be repeated for devices that have all of the labels", example = "team=payments") @RestQuery List<String> label,
            @Parameter(hidden = true) @Context HttpServerRequest request) {
        return lists.json(request, find(pending, label));
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<StreamingOutput> allAsTable(@RestQuery Boolean pending, @RestQuery List<String> label,
            @Context HttpServerRequest request) {
        Supplier<Stream<?>> alarms = find(pending, label);
        return lists.table(request, COLUMNS, () -> alarms.get().map(alarm -> row((AlarmView) alarm)));
    }

    private Supplier<Stream<?>> find(Boolean pending, List<String> label) {
        StatusPages pages = Answer.select(devices, label);
        return () -> views(devices, Lists.stream(pages))
                .filter(alarm -> pending == null || alarm.pending() == pending);
    }

    static Stream<AlarmView> views(DeviceHost devices, Stream<DeviceStatus> statuses) {
        HostInstant now = devices.now();
        return statuses.flatMap(status -> devices.faults(status.name()).stream()
                .flatMap(faults -> AlarmView.of(status, faults, now))).sorted(AlarmView.BY_TRUE_DUE);
    }

    static RestResponse<String> table(Stream<AlarmView> alarms) {
        return Table.of(COLUMNS, alarms.map(AlarmsResource::row));
    }

    private static List<Object> row(AlarmView alarm) {
        return Table.row(alarm.device(), alarm.clock(), alarm.type(), alarm.enabled(), alarm.pending(),
                alarm.waitingFor(), alarm.due(), alarm.trueDue(), alarm.remaining(), alarm.expirations(),
                alarm.delivered(), alarm.forced());
    }
}
