package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What SmallRye rejects is told as everything else: the property, the value as it was written, and what is allowed. */
class MappingErrorsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
            "clocktower.shutdown-grase=5s | clocktower.shutdown-grase: 5s, unknown key (did you mean 'shutdown-grace'?)",
            "clocktower.colour=red | clocktower.colour: red, unknown key",
            "clocktower.devices.a.sokcet=/x | clocktower.devices.a.sokcet: /x, unknown key (did you mean 'devices.a.socket'?)",
            "clocktower.shutdown-grace=5 | clocktower.shutdown-grace: \"5\", expected a duration with units, such as 5m, 1h30m, 500ms, 50us, 2d or PT5M (no months or years)",
            "clocktower.event-loops=many | clocktower.event-loops: \"many\", expected an integer value",
            "clocktower.devices.a.mode=dial | clocktower.devices.a.mode: \"dial\", expected connect, listen",
            "clocktower.devices.a.clocks[0].type=gps | clocktower.devices.a.clocks[0].type: \"gps\", expected monotonic, tai, utc, utc-maybe-smeared, utc-smeared",
            "clocktower.devices.a.clocks[0].alarm=true | clocktower.devices.a.clocks[0].type: missing",
            "clocktower.webhooks.a.timeout=5s | clocktower.webhooks.a.url: missing"})
    void aProblemIsOneLineWithPropertyAndValue(String property, String expected) {
        String[] parts = property.split("=");
        Map<String, String> properties = new HashMap<>(Map.of(parts[0], parts[1]));
        var invalid = assertThrows(ConfigValidationException.class,
                () -> new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                        .withSources(new PropertiesConfigSource(properties, "test", 100)).build());

        assertEquals(expected, MappingErrors.text(invalid, properties::get));
    }
}
