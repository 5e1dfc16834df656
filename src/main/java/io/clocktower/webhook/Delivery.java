package io.clocktower.webhook;

import io.clocktower.device.DeviceEvent;
import io.clocktower.device.EventJson;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * An event on its way to a receiver.
 *
 * @param id the same however often it is tried, so that the receiver knows again what it has
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
