package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.EventJson;
import io.clocktower.security.Right;
import io.clocktower.spec.LabelSelector;
import io.clocktower.spec.Texts;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Multi;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseHeader;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;

/** The events of the devices, as they happen. */
@Path("/api/v1/events")
@Tag(name = "events")
public final class EventsResource {

    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final String EXAMPLE = """
            id:1795348800000017
            event:fault-injected
            data:{"id":1795348800000017,"time":"2026-11-22T12:00:00.000001Z","type":"fault-injected","device":"vm0",\
            "fault":"f2","actor":"alice","to":"step, offset -PT5M, for PT10M, by alice: rehearsing CHG-1234",\
            "detail":"step, offset -PT5M, for PT10M, by alice: rehearsing CHG-1234","labels":{"team":"payments"}}

            """;

    private static final List<String> COLUMNS = List.of("TIME", "TYPE", "DEVICE", "CLOCK", "FAULT", "ACTOR",
            "DETAIL");

    private final EventStreams streams;
    private final DeviceHost devices;

    EventsResource(EventStreams streams, DeviceHost devices) {
        this.streams = streams;
        this.devices = devices;
    }

    @GET
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @ResponseHeader(name = "Cache-Control", value = "no-store")
    @ResponseHeader(name = "X-Accel-Buffering", value = "no")
    @Operation(summary = "Follow the events of the devices", description = "Server-sent events, until the client disconnects,"
            + " loses the right to read, or the service stops. The type of an event is one of device-created, device-removed, connected, disconnected,"
            + " fault-injected, fault-changed (its duration or reason was changed, or it was paused or resumed), fault-begun (a fault with a later start began), fault-ended (its duration"
            + " is over), fault-reverted (by an operator), alarm-set, alarm-expired, alarm-delivered (at most 50"
            + " a second for each device) and alarm-forced (by an operator); and host-clock-stepped, which is about no single device."
            + " A gap has no id; its missed says how"
            + " many events of all devices were not sent because the client was too slow or away too long. A comment is sent"
            + " after 15 s without an event. With Accept: application/json (or text/plain for a table) the answer is a list of the latest events instead.")
    @APIResponse(responseCode = "200", description = "The events", content = @Content(mediaType = MediaType.SERVER_SENT_EVENTS, schema = @Schema(type = SchemaType.STRING), examples = @ExampleObject(name = "a fault", value = EXAMPLE)))
    @APIResponse(responseCode = "400", description = "A filter or the id is not valid", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "503", description = "64 clients are connected already, or the service is stopping", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public Multi<OutboundSseEvent> follow(
            @Parameter(description = "Only events of this device; repeat it for several", example = "vm0") @RestQuery List<String> device,
            @Parameter(description = "Only events of this type; repeat it for several", example = "disconnected") @RestQuery List<String> type,
            @Parameter(description = "Only events of devices with this label, as name=value; repeat it for devices with all of several", example = "team=payments") @RestQuery List<String> label,
            @Parameter(description = "The id of the last event that the client received; later events are sent first") @HeaderParam(LAST_EVENT_ID) String lastEventId,
            @Parameter(hidden = true) @Context Sse sse,
            @Parameter(hidden = true) @Context RoutingContext call) {
        Optional<Right> right = Right.of(call);
        return Multi.createFrom().publisher(streams.stream(wanted(device, type, label), afterId(lastEventId), sse,
                () -> call.response().closed() || !right.map(Right::holds).orElse(true)));
    }

    @GET
    @Produces("application/json;qs=0.5")
    @RunOnVirtualThread
    @Operation(hidden = true)
    public RestResponse<List<EventJson>> list(@RestQuery List<String> device, @RestQuery List<String> type,
            @RestQuery List<String> label) {
        // The negotiated type has a quality parameter.
        return RestResponse.ResponseBuilder.ok(known(device, type, label).map(EventJson::of).toList())
                .type(MediaType.APPLICATION_JSON_TYPE).build();
    }

    @GET
    @Produces("text/plain;qs=0.4")
    @RunOnVirtualThread
    @Operation(hidden = true)
    public RestResponse<String> table(@RestQuery List<String> device, @RestQuery List<String> type,
            @RestQuery List<String> label) {
        return Table.of(COLUMNS, known(device, type, label).map(event -> Table.row(event.time(), event.type().word(),
                event.device(), event.clock().orElse(null), event.fault().orElse(null),
                event.change().actor().orElse(null), event.detail())));
    }

    private Stream<DeviceEvent> known(List<String> device, List<String> type, List<String> label) {
        return devices.events().known().stream().filter(wanted(device, type, label));
    }

    /** The headers of {@link #follow} without a stream, which would never end and take the place of another one. */
    @HEAD
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Operation(hidden = true)
    public RestResponse<Void> head(@RestQuery List<String> device, @RestQuery List<String> type,
            @RestQuery List<String> label, @HeaderParam(LAST_EVENT_ID) String lastEventId) {
        wanted(device, type, label);
        afterId(lastEventId);
        return RestResponse.ResponseBuilder.<Void>ok().type(MediaType.SERVER_SENT_EVENTS_TYPE)
                .header("Cache-Control", "no-store").header("X-Accel-Buffering", "no").build();
    }

    private static Predicate<DeviceEvent> wanted(List<String> device, List<String> type, List<String> label) {
        Set<String> devices = Set.copyOf(device);
        Set<DeviceEvent.Type> types = type.stream().map(EventsResource::type).collect(Collectors.toSet());
        LabelSelector labels = LabelQuery.selector(label);
        return event -> (devices.isEmpty() || devices.contains(event.device()))
                && (types.isEmpty() || types.contains(event.type())) && labels.matches(event.labels());
    }

    private static DeviceEvent.Type type(String word) {
        return DeviceEvent.Type.of(word).orElseThrow(() -> new BadRequestException("type: %s, expected one of %s"
                .formatted(Texts.quoted(word), Arrays.stream(DeviceEvent.Type.values())
                        .map(DeviceEvent.Type::word).collect(Collectors.joining(", ")))));
    }

    private static OptionalLong afterId(String id) {
        if (id == null || id.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(id));
        } catch (NumberFormatException e) {
            throw new BadRequestException("%s: %s, expected the id of an event".formatted(LAST_EVENT_ID,
                    Texts.quoted(id)));
        }
    }
}
