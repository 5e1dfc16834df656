package io.clocktower.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.clocktower.fault.Fault;
import java.util.Map;

/** An event as it is sent to clients and webhooks, in one line of JSON. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record EventJson(long id, String time, String type, String device, Integer clock, String fault, String plan,
        String actor,
        String from, String to, String detail,
        Map<String, String> labels) {

    private static final JsonMapper JSON = new JsonMapper();

    public static EventJson of(DeviceEvent event) {
        return new EventJson(event.id(), event.time().toString(), event.type().word(), event.device(),
                event.clock().orElse(null), event.fault().orElse(null),
                event.fault().flatMap(Fault::planOf).orElse(null), event.change().actor().orElse(null),
                event.change().from().orElse(null), event.change().to().orElse(null), event.detail(), event.labels());
    }

    public static String write(DeviceEvent event) {
        try {
            return JSON.writeValueAsString(of(event));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers can be written", e);
        }
    }
}
