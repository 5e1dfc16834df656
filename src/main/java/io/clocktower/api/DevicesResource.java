package io.clocktower.api;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.SocketDirectory;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.StatusPages;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import io.clocktower.status.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
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
            "READING", "LAST-READ", "LABELS");
    private static final List<String> CLOCK_COLUMNS = List.of("CLOCK", "TYPE", "TRUE", "SERVED", "OFFSET", "FAULTS",
            "READS-SINCE", "READS", "READS-MINUTE", "LAST-READ", "AGE");

    private final DeviceHost devices;
    private final ChangeLog log;
    private final Lists lists;
    private final java.nio.file.Path socketDirectory;

    DevicesResource(DeviceHost devices, ClocktowerConfig config, ChangeLog log, Lists lists) {
        this.lists = lists;
        this.devices = devices;
        this.log = log;
        socketDirectory = SocketDirectory.of(config);
    }

    @GET
    @Operation(summary = "List the devices", description = "Sorted by name.")
    @APIResponse(responseCode = "200", description = "OK", content = @Content(schema = @Schema(type = SchemaType.ARRAY, implementation = DeviceView.class)))
    public StreamingOutput list(
            @Parameter(description = "Only devices that have this label, as name=value; may be repeated for devices that have all of the labels", example = "team=payments") @RestQuery List<String> label,
            @Parameter(hidden = true) @Context HttpServerRequest request) {
        StatusPages pages = Answer.select(devices, label);
        return lists.json(request, () -> Lists.stream(pages).map(DeviceView::of));
    }

    @GET
    @Produces("text/plain;qs=0.5")
    @Operation(hidden = true)
    public RestResponse<StreamingOutput> table(@RestQuery List<String> label, @Context HttpServerRequest request) {
        StatusPages pages = Answer.select(devices, label);
        return lists.table(request, COLUMNS,
                () -> Lists.stream(pages).map(DeviceView::of).map(DevicesResource::row));
    }

    private static List<Object> row(DeviceView device) {
        Instant lastRead = device.clocks().stream().map(DeviceView.Clock::lastRead).filter(Objects::nonNull)
                .max(Comparator.naturalOrder()).orElse(null);
        var labels = device.labels().entrySet().stream().sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue()).collect(Collectors.joining(","));
        return Table.row(device.name(), state(device), device.peer() == null ? null : device.peer().pid(),
                device.clocks().size(), device.faults().size(), offsets(device), reading(device), lastRead,
                labels.isEmpty() ? null : labels);
    }

    private static String state(DeviceView device) {
        return device.obstacle() == null ? device.state() : device.state() + "; " + device.obstacle();
    }

    /** Whether the guest has read one of the clocks in the last minute, in a word. */
    private static String reading(DeviceView device) {
        if (device.clocks().stream().allMatch(DeviceView.Clock::neverRead)) {
            return "never";
        }
        return device.clocks().stream().anyMatch(clock -> clock.readsLastMinute() > 0) ? "yes" : "no";
    }

    /** The offsets of the clocks that are off, each with the ids of its clocks: {@code PT1H(0,1,3)}. */
    private static String offsets(DeviceView device) {
        Map<String, List<String>> clocks = new LinkedHashMap<>();
        device.clocks().stream().filter(clock -> clock.offsetNs() == null || clock.offsetNs().signum() != 0)
                .forEach(clock -> clocks.computeIfAbsent(clock.offset() == null ? "?" : clock.offset(),
                        _ -> new ArrayList<>()).add(Integer.toString(clock.id())));
        return clocks.isEmpty()
                ? "PT0S"
                : clocks.entrySet().stream()
                        .map(offset -> offset.getKey() + "(" + String.join(",", offset.getValue()) + ")")
                        .collect(Collectors.joining(","));
    }

    @POST
    @Operation(summary = "Create a device", description = "The device listens on its socket. It is kept over restarts, until it is removed.")
    @ResponseStatus(201)
    @APIResponse(responseCode = "201", description = "The device; Location has its URL", content = @Content(schema = @Schema(implementation = DeviceView.class)))
    @APIResponse(responseCode = "409", description = "A device of that name exists, or another process listens on the socket", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public RestResponse<DeviceView> create(DeviceRequest device, @Context UriInfo uri) throws DeviceException {
        DeviceSpec spec = FieldsException.required(device).toSpec(socketDirectory);
        DeviceStatus made = devices.create(spec, log.actor());
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
    @APIResponse(responseCode = "204", description = "The device is removed")
    @APIResponse(responseCode = "409", description = "A virtual machine is connected, and force is not true", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @Operation(summary = "Remove a device", description = "Removes the device and its saved state. A device of the configuration is"
            + " created again when the service is restarted.")
    public void delete(@RestPath String name,
            @Parameter(description = "Remove the device even if a virtual machine is connected, which then loses its clock for good") @RestQuery boolean force,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        DeviceSpec spec = devices.spec(name);
        devices.remove(name, Versions.expected(ifMatch), force, log.actor());
        log.removed(spec);
    }

    @GET
    @Path("/{name}/clocks")
    @Operation(summary = "List the clocks of a device", description = "Sorted by id. All readings are of the same instant.")
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
                        clock.reads(), clock.readsLastMinute(), clock.neverRead() ? "never" : clock.lastRead(),
                        clock.lastReadAge())));
    }

    @GET
    @Path("/{name}/clocks/{clock}")
    @Operation(summary = "Show a clock of a device")
    public DeviceView.Clock clock(@RestPath String name, @RestPath int clock) {
        DeviceStatus status = Answer.status(devices, name);
        Answer.requireClock(status.spec(), clock);
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
    @Operation(summary = "Set the labels of a device", description = "Replaces all labels. A device of the configuration gets its"
            + " configured labels back when the service is restarted.")
    public RestResponse<Map<String, String>> putLabels(@RestPath String name, Map<String, String> labels,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        FieldsException.required(labels);
        List<FieldError> missing = new ArrayList<>();
        labels.forEach((key, value) -> DeviceRequest.require(value, Texts.shown(key), "a string", missing));
        FieldsException.refuse(missing);
        DeviceStatus status = log.changed(
                log.changes(devices).label(name, Versions.expected(ifMatch), labels));
        return Versions.tagged(status.spec().labels(), status);
    }
}
