package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.event.DeviceEvent.Type;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which webhooks a configuration makes, and that each error in one names its property and shows no secret. */
class WebhookSpecsTest {

    private static final String OPS = "clocktower.webhooks.ops.";

    @Test
    void aUrlIsEnough() {
        assertEquals(List.of(new WebhookSpec("ops", URI.create("https://example.org/"), Optional.empty(),
                Set.of(Type.ALARM_EXPIRED, Type.DISCONNECTED), Map.of(), Optional.empty(), Duration.ofSeconds(5))),
                sound(Map.of(OPS + "url", "https://example.org")));
    }

    @Test
    void aWebhookIsAsItsPropertiesSay() {
        assertEquals(List.of(new WebhookSpec("ops", URI.create("http://[::1]:8080/a%20b?token=x"),
                Optional.of("user:pass"), Set.of(Type.FAULT_INJECTED), Map.of("team", "payments"), Optional.of("k"),
                Duration.ofMillis(500))),
                sound(Map.of(OPS + "url", "http://user:pass@[::1]:8080/a%20b?token=x#part",
                        OPS + "events", "fault-injected", OPS + "labels.team", "payments", OPS + "secret", "k",
                        OPS + "timeout", "500ms")));
    }

    @Test
    void nothingSecretIsShown() {
        WebhookSpec spec = sound(Map.of(OPS + "url", "https://user:pass@example.org:444/path?token=x", OPS + "secret",
                "k")).getFirst();

        assertEquals("https://example.org:444", spec.origin());
        assertEquals("webhook ops to https://example.org:444", spec.toString());
    }

    static Stream<Arguments> errors() {
        return Stream.of(
                error(OPS + "url: scheme ftp, expected http or https", OPS + "url", "ftp://u:hush@x/"),
                error(OPS + "url: scheme none, expected", OPS + "url", "hush"),
                error(OPS + "url: not a URL, expected for example", OPS + "url", "http://u:hush@x y/"),
                error(OPS + "url: no host or", OPS + "url", "http:///hush"),
                error(OPS + "url: no host or", OPS + "url", "http:hush"),
                error(OPS + "url: no host or an invalid port", OPS + "url", "http://x:65536/hush"),
                error(OPS + "timeout: 0s, expected more than 0s", OPS + "url", "http://x", OPS + "timeout", "0s"),
                error(OPS + "timeout: 2m, expected more than 0s and at most 1m", OPS + "url", "http://x",
                        OPS + "timeout", "2m"),
                error(OPS + "secret: blank", OPS + "url", "http://x", OPS + "secret", "\\ "),
                error("clocktower.webhooks.\"a b\": invalid name", "clocktower.webhooks.\"a b\".url", "http://x"));
    }

    private static Arguments error(String expected, String... properties) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < properties.length; i += 2) {
            map.put(properties[i], properties[i + 1].replace("\\", ""));
        }
        return Arguments.of(expected, map);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("errors")
    void anErrorNamesItsProperty(String expected, Map<String, String> properties) {
        List<String> errors = WebhookSpecs.of(config(properties)).errors();

        assertEquals(1, errors.size(), errors::toString);
        assertTrue(errors.getFirst().startsWith(expected), errors::toString);
        assertFalse(errors.getFirst().contains("hush"), errors::toString);
    }

    @Test
    void moreThan16AreTooMany() {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < 17; i++) {
            properties.put("clocktower.webhooks.w" + i + ".url", "http://x");
        }
        assertEquals(List.of("clocktower.webhooks: 17, expected at most 16"),
                WebhookSpecs.of(config(properties)).errors());
    }

    static Stream<Arguments> invalid() {
        return Stream.of(error("clocktower.webhooks.ops.url is required", OPS + "timeout", "1s"),
                error("clocktower.webhooks.ops.ulr", OPS + "url", "http://x", OPS + "ulr", "http://y"),
                error("events", OPS + "url", "http://x", OPS + "events", "disconnected,exploded"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void whatTheMappingRefusesIsNamedToo(String expected, Map<String, String> properties) {
        var refusal = assertThrows(ConfigValidationException.class, () -> config(properties));

        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    private static List<WebhookSpec> sound(Map<String, String> properties) {
        WebhookSpecs.Checked checked = WebhookSpecs.of(config(properties));
        assertEquals(List.of(), checked.errors());
        return checked.specs();
    }

    private static ClocktowerConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                .withSources(new PropertiesConfigSource(properties, "test", 100)).build()
                .getConfigMapping(ClocktowerConfig.class);
    }
}
