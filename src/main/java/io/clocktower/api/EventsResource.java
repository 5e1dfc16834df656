package io.clocktower.api;

import io.clocktower.device.DeviceEvent;
import io.clocktower.device.FieldFault;
import io.smallrye.mutiny.Multi;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
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

/** What happens to the devices, as it happens. */
@Path("/api/v1/events")
@Tag(name = "events")
public final class EventsResource {

    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final String EXAMPLE = """
            id:1795348800000017
            event:fault-injected
            data:{"id":1795348800000017,"time":"2026-11-22T12:00:00.000001Z","type":"fault-injected","device":"vm0",\
            "fault":"f2","detail":"step, offset -PT5M, for PT10M, by alice: rehearsing CHG-1234","labels":{"team":"payments"}}

            """;

    private final EventStreams streams;

    EventsResource(EventStreams streams) {
        this.streams = streams;
    }

    @GET
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @ResponseHeader(name = "Cache-Control", value = "no-store")
    @ResponseHeader(name = "X-Accel-Buffering", value = "no")
    @Operation(summary = "Follow what happens to the devices", description = "Server-sent events, until the client goes or"
            + " the service stops. The type of each is one of device-created, device-removed, connected, disconnected,"
            + " fault-injected, fault-begun (the time of one that was injected for later came), fault-ended (its time is"
            + " over), fault-reverted (by an operator), alarm-set, alarm-expired, alarm-delivered (what a guest does is"
            + " told at most 50 times a second) and alarm-forced (by an operator). A gap has no id, and tells in missed how"
            + " many events were not sent, of any device, as the client was too slow or away too long. A comment comes"
            + " after 15 s without an event.")
    @APIResponse(responseCode = "200", description = "The events", content = @Content(mediaType = MediaType.SERVER_SENT_EVENTS, schema = @Schema(type = SchemaType.STRING), examples = @ExampleObject(name = "a fault", value = EXAMPLE)))
    @APIResponse(responseCode = "400", description = "A filter or the id is none", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "503", description = "There are 64 clients already, or the service is stopping", content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public Multi<OutboundSseEvent> follow(
            @Parameter(description = "Only those of this device; of several, of any", example = "vm0") @RestQuery List<String> device,
            @Parameter(description = "Only those of this type; of several, of any", example = "disconnected") @RestQuery List<String> type,
            @Parameter(description = "Only those of devices with this label, as name=value; of several, with each", example = "team=payments") @RestQuery List<String> label,
            @Parameter(description = "The id of the last event that the client has; what happened since is sent first") @HeaderParam(LAST_EVENT_ID) String lastEventId,
            @Parameter(hidden = true) @Context Sse sse,
            @Parameter(hidden = true) @Context HttpServerRequest request) {
        return Multi.createFrom().publisher(streams.stream(wanted(device, type, label), afterId(lastEventId), sse,
                () -> request.response().closed()));
    }

    private static Predicate<DeviceEvent> wanted(List<String> device, List<String> type, List<String> label) {
        Set<String> devices = Set.copyOf(device);
        Set<DeviceEvent.Type> types = type.stream().map(EventsResource::type).collect(Collectors.toSet());
        LabelSelector labels = LabelSelector.of(label);
        return event -> (devices.isEmpty() || devices.contains(event.device()))
                && (types.isEmpty() || types.contains(event.type())) && labels.matches(event.labels());
    }

    private static DeviceEvent.Type type(String word) {
        return DeviceEvent.Type.of(word).orElseThrow(() -> new BadRequestException("type: %s, expected one of %s"
                .formatted(FieldFault.quoted(word), Arrays.stream(DeviceEvent.Type.values())
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
                    FieldFault.quoted(id)));
        }
    }
}
