package io.clocktower.config;

import io.clocktower.device.DeviceEvent;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One who is told of events.
 *
 * @param url without credentials
 * @param credentials {@code user:password}, for Basic authentication
 * @param labels all of which a device is to have
 * @param secret the key with which calls are signed
 * @param timeout how long a call may take
 */
public record WebhookSpec(String name, URI url, Optional<String> credentials, Set<DeviceEvent.Type> events,
        Map<String, String> labels, Optional<String> secret, Duration timeout) {

    public WebhookSpec {
        events = Set.copyOf(events);
        labels = Map.copyOf(labels);
    }

    /** Whether it is to be told of an event. */
    public boolean wants(DeviceEvent event) {
        return events.contains(event.type()) && event.labels().entrySet().containsAll(labels.entrySet());
    }

    /** What may be shown of the URL: a path, too, may be as good as a password. */
    public String origin() {
        return origin(url);
    }

    static String origin(URI url) {
        return url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort());
    }

    /** Nothing that is secret. */
    @Override
    public String toString() {
        return "webhook " + name + " to " + origin();
    }
}
