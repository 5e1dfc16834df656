package io.clocktower.config;

import io.clocktower.spec.Durations;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The webhooks that a configuration describes, or all of its errors. Changes nothing, and shows no secret. */
public final class WebhookSpecs {

    private static final String PREFIX = "clocktower.webhooks.";
    private static final int MAX_WEBHOOKS = 16;
    private static final Duration MAX_TIMEOUT = Duration.ofMinutes(1);
    private static final int MAX_PORT = 65_535;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,63}");

    private final List<String> errors = new ArrayList<>();
    private final List<WebhookSpec> specs = new ArrayList<>();

    private WebhookSpecs() {}

    /**
     * @param errors each names a property, what is wrong with its value, and what is allowed
     */
    public record Checked(List<WebhookSpec> specs, List<String> errors) {}

    public static Checked of(ClocktowerConfig config) {
        var specs = new WebhookSpecs();
        if (config.webhooks().size() > MAX_WEBHOOKS) {
            specs.errors.add("clocktower.webhooks: %d, expected at most %d".formatted(config.webhooks().size(),
                    MAX_WEBHOOKS));
        }
        new TreeMap<>(config.webhooks()).forEach(specs::add);
        return new Checked(List.copyOf(specs.specs), List.copyOf(specs.errors));
    }

    private void add(String name, ClocktowerConfig.Webhook webhook) {
        if (!NAME.matcher(name).matches()) {
            errors.add(PREFIX + "\"%s\": invalid name, expected 1 to 63 letters, digits, '_' and '-'"
                    .formatted(name));
            return;
        }
        if (!webhook.timeout().isPositive() || webhook.timeout().compareTo(MAX_TIMEOUT) > 0) {
            errors.add("%s%s.timeout: %s, expected more than 0s and at most 1m".formatted(PREFIX, name,
                    Durations.text(webhook.timeout())));
        }
        if (webhook.secret().isPresent() && webhook.secret().get().isBlank()) {
            errors.add(PREFIX + name + ".secret: blank, expected a key");
        }
        url(PREFIX + name + ".url", webhook.url()).ifPresent(url -> specs.add(new WebhookSpec(name,
                withoutCredentials(url), Optional.ofNullable(url.getUserInfo()), webhook.events(),
                Map.copyOf(webhook.labels()), webhook.secret(), webhook.timeout())));
    }

    private Optional<URI> url(String property, String text) {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            errors.add(property + ": not a URL, expected for example https://example.org/hook");
            return Optional.empty();
        }
        if (!("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme()))) {
            errors.add("%s: scheme %s, expected http or https".formatted(property,
                    url.getScheme() == null ? "none" : url.getScheme()));
        } else if (url.getHost() == null || url.getPort() == 0 || url.getPort() > MAX_PORT) {
            errors.add(property + ": no host or an invalid port, expected a URL such as https://example.org/hook");
        } else {
            return Optional.of(url);
        }
        return Optional.empty();
    }

    /** Also without the fragment, which is never sent. */
    private static URI withoutCredentials(URI url) {
        return URI.create(WebhookSpec.origin(url) + (url.getRawPath().isEmpty() ? "/" : url.getRawPath())
                + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery()));
    }
}
