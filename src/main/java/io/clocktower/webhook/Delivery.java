package io.clocktower.webhook;

import io.clocktower.event.DeviceEvent;
import io.clocktower.event.EventJson;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * An event to be sent to a receiver.
 *
 * @param id the same for each attempt, so that the receiver can recognize repetitions
 */
record Delivery(String id, DeviceEvent event) {

    static Delivery of(DeviceEvent event) {
        return new Delivery(UUID.randomUUID().toString(), event);
    }

    byte[] body() {
        return EventJson.write(event).getBytes(StandardCharsets.UTF_8);
    }

    /** For the log. */
    @Override
    public String toString() {
        return "%s of %s (event %d)".formatted(event.type().word(), event.device(), event.id());
    }
}
