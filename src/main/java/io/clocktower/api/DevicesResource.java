package io.clocktower.api;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.SocketDirectory;
import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.DeviceStatus;
import io.clocktower.device.FieldFault;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The devices of the service. */
@Path("/api/v1/devices")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public final class DevicesResource {

    private static final List<String> COLUMNS = List.of("NAME", "STATE", "PID", "CLOCKS", "FAULTS", "OFFSETS",
            "LAST-READ",
            "LABELS");
    private static final List<String> CLOCK_COLUMNS = List.of("CLOCK", "TYPE", "TRUE", "SERVED", "OFFSET", "FAULTS",
            "READS-SINCE", "READS", "LAST-READ");

    private final DeviceHost devices;
    private final ChangeLog log;
    private final java.nio.file.Path socketDirectory;

    DevicesResource(DeviceHost devices, ClocktowerConfig config, ChangeLog log) {
        this.devices = devices;
        this.log = log;
        socketDirectory = SocketDirectory.of(config);
    }

    @GET
    @Operation(summary = "List the devices", description = "In the order of their names.")
    public List<DeviceView> list(
            @Parameter(description = "Only those with this label, as name=value; of several, with each", example = "team=payments") @RestQuery List<String> label) {
        return Answer.select(devices, label).stream().map(DeviceView::of).toList();
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> table(@RestQuery List<String> label) {
        return Table.of(COLUMNS, Answer.select(devices, label).stream().map(DeviceView::of)
                .map(DevicesResource::row));
    }

    private static List<Object> row(DeviceView device) {
        var offsets = device.clocks().stream().map(clock -> clock.offset() == null ? "?" : clock.offset()).distinct()
                .collect(Collectors.joining(","));
        Instant lastRead = device.clocks().stream().map(DeviceView.Clock::lastRead).filter(Objects::nonNull)
                .max(Comparator.naturalOrder()).orElse(null);
        var labels = device.labels().entrySet().stream().sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue()).collect(Collectors.joining(","));
        return Table.row(device.name(), device.state(), device.peer() == null ? null : device.peer().pid(),
                device.clocks().size(), device.faults().size(), offsets, lastRead, labels.isEmpty() ? null : labels);
    }

    @POST
    @Operation(summary = "Make a device", description = "It listens at its socket, and is kept until it is removed.")
    @ResponseStatus(201)
    @APIResponse(responseCode = "201", description = "The device, and where it is", content = @Content(schema = @Schema(implementation = DeviceView.class)))
    @APIResponse(responseCode = "409", description = "There is one of that name, or somebody listens at its socket", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<DeviceView> create(DeviceRequest device, @Context UriInfo uri) throws DeviceException {
        DeviceSpec spec = FieldsException.required(device).toSpec(socketDirectory);
        DeviceStatus made = devices.create(spec);
        log.created(spec);
        return Versions.created(uri, made.name(), DeviceView.of(made), made);
    }

    @GET
    @Path("/{name}")
    @Operation(summary = "Show a device")
    public RestResponse<DeviceView> get(
            @Parameter(description = "The device's name", example = "vm0") @RestPath String name) {
        DeviceStatus status = Answer.status(devices, name);
        return Versions.tagged(DeviceView.of(status), status);
    }

    @DELETE
    @Path("/{name}")
    @APIResponse(responseCode = "204", description = "It is gone")
    @APIResponse(responseCode = "409", description = "A virtual machine is connected, and force is not true", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @Operation(summary = "Remove a device", description = "With what is kept of it. One of the configuration comes back when"
            + " the service starts anew.")
    public void delete(@RestPath String name,
            @Parameter(description = "Also while a virtual machine is connected, which then loses its clock for good") @RestQuery boolean force,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        devices.remove(name, Versions.expected(ifMatch), force);
        log.removed(name);
    }

    @GET
    @Path("/{name}/clocks")
    @Operation(summary = "List the clocks of a device", description = "In the order of their ids, all of one instant.")
    public List<DeviceView.Clock> clocks(@RestPath String name) {
        return DeviceView.of(Answer.status(devices, name)).clocks();
    }

    @GET
    @Path("/{name}/clocks")
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<String> clockTable(@RestPath String name) {
        return Table.of(CLOCK_COLUMNS, DeviceView.of(Answer.status(devices, name)).clocks().stream()
                .map(clock -> Table.row(clock.id(), clock.type(), clock.trueTime(), clock.servedTime(), clock.offset(),
                        clock.faults().isEmpty() ? null : String.join(",", clock.faults()), clock.readsSinceFault(),
                        clock.reads(), clock.neverRead() ? "never" : clock.lastRead())));
    }

    @GET
    @Path("/{name}/clocks/{clock}")
    @Operation(summary = "Show a clock of a device")
    public DeviceView.Clock clock(@RestPath String name, @RestPath int clock) {
        DeviceStatus status = Answer.status(devices, name);
        Answer.requireClock(status, clock);
        return DeviceView.of(status).clocks().get(clock);
    }

    @GET
    @Path("/{name}/labels")
    @Operation(summary = "Show the labels of a device")
    public RestResponse<Map<String, String>> labels(@RestPath String name) {
        DeviceStatus status = Answer.status(devices, name);
        return Versions.tagged(status.spec().labels(), status);
    }

    @PUT
    @Path("/{name}/labels")
    @Operation(summary = "Set the labels of a device", description = "In place of those that it has. Those of the"
            + " configuration come back when the service starts anew.")
    public RestResponse<Map<String, String>> putLabels(@RestPath String name, Map<String, String> labels,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        FieldsException.required(labels);
        List<FieldFault> missing = new ArrayList<>();
        labels.forEach((key, value) -> DeviceRequest.require(value, FieldFault.shown(key), "a text", missing));
        FieldsException.refuse(missing);
        DeviceStatus status = log.changed(
                devices.changes().label(name, Versions.expected(ifMatch), labels));
        return Versions.tagged(status.spec().labels(), status);
    }
}
