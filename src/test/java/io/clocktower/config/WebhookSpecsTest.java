package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.DeviceEvent.Type;
import io.quarkus.runtime.configuration.DurationConverter;
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

/** Which webhooks a configuration makes, and that each fault of one names its property and shows no secret. */
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

    static Stream<Arguments> faults() {
        return Stream.of(
                fault(OPS + "url: of scheme ftp, expected http or https", OPS + "url", "ftp://u:hush@x/"),
                fault(OPS + "url: of scheme none, expected", OPS + "url", "hush"),
                fault(OPS + "url: not a URL, expected one such as", OPS + "url", "http://u:hush@x y/"),
                fault(OPS + "url: without a host", OPS + "url", "http:///hush"),
                fault(OPS + "url: without a host", OPS + "url", "http:hush"),
                fault(OPS + "url: without a host or with a port", OPS + "url", "http://x:65536/hush"),
                fault(OPS + "timeout: PT0S, expected more than 0", OPS + "url", "http://x", OPS + "timeout", "0"),
                fault(OPS + "timeout: PT2M, expected more than 0", OPS + "url", "http://x", OPS + "timeout", "2m"),
                fault(OPS + "secret: blank", OPS + "url", "http://x", OPS + "secret", "\\ "),
                fault("clocktower.webhooks.\"a b\": a name", "clocktower.webhooks.\"a b\".url", "http://x"));
    }

    private static Arguments fault(String expected, String... properties) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < properties.length; i += 2) {
            map.put(properties[i], properties[i + 1].replace("\\", ""));
        }
        return Arguments.of(expected, map);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void aFaultNamesItsProperty(String expected, Map<String, String> properties) {
        List<String> faults = WebhookSpecs.of(config(properties)).faults();

        assertEquals(1, faults.size(), faults::toString);
        assertTrue(faults.getFirst().startsWith(expected), faults::toString);
        assertFalse(faults.getFirst().contains("hush"), faults::toString);
    }

    @Test
    void moreThan16AreTooMany() {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < 17; i++) {
            properties.put("clocktower.webhooks.w" + i + ".url", "http://x");
        }
        assertEquals(List.of("clocktower.webhooks: 17, expected at most 16"),
                WebhookSpecs.of(config(properties)).faults());
    }

    static Stream<Arguments> invalid() {
        return Stream.of(fault("clocktower.webhooks.ops.url is required", OPS + "timeout", "1s"),
                fault("clocktower.webhooks.ops.ulr", OPS + "url", "http://x", OPS + "ulr", "http://y"),
                fault("events", OPS + "url", "http://x", OPS + "events", "disconnected,exploded"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void whatTheMappingRefusesIsNamedToo(String expected, Map<String, String> properties) {
        var refusal = assertThrows(ConfigValidationException.class, () -> config(properties));

        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    private static List<WebhookSpec> sound(Map<String, String> properties) {
        WebhookSpecs.Checked checked = WebhookSpecs.of(config(properties));
        assertEquals(List.of(), checked.faults());
        return checked.specs();
    }

    private static ClocktowerConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(properties, "test", 100)).build()
                .getConfigMapping(ClocktowerConfig.class);
    }
}
