package io.clocktower.device;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Map;

/** An event as it is sent to whoever listens, in one line of JSON. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record EventJson(long id, String time, String type, String device, Integer clock, String fault, String detail,
        Map<String, String> labels) {

    private static final JsonMapper JSON = new JsonMapper();

    public static String write(DeviceEvent event) {
        try {
            return JSON.writeValueAsString(new EventJson(event.id(), event.time().toString(), event.type().word(),
                    event.device(), event.clock().orElse(null), event.fault().orElse(null), event.detail(),
                    event.labels()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers can be written", e);
        }
    }
}
