package io.clocktower.config;

import io.clocktower.event.DeviceEvent;
import io.clocktower.spec.LabelSelector;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A receiver of events.
 *
 * @param url without credentials
 * @param credentials {@code user:password}, for Basic authentication
 * @param labels a device must have all of them
 * @param secret the key that signs calls
 * @param timeout how long a call may take
 */
public record WebhookSpec(String name, URI url, Optional<String> credentials, Set<DeviceEvent.Type> events,
        Map<String, String> labels, Optional<String> secret, Duration timeout) {

    public WebhookSpec {
        events = Set.copyOf(events);
        labels = Map.copyOf(labels);
    }

    /** Whether an event is sent to it. */
    public boolean wants(DeviceEvent event) {
        return events.contains(event.type())
                && new LabelSelector(List.copyOf(labels.entrySet())).matches(event.labels());
    }

    /** The part of the URL that may be shown: the path may be as secret as a password. */
    public String origin() {
        return origin(url);
    }

    static String origin(URI url) {
        return url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort());
    }

    /** Shows no secret. */
    @Override
    public String toString() {
        return "webhook " + name + " to " + origin();
    }
}
