package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sidecar has no console unless it is asked for. */
class ConsoleSwitchTest {

    @ParameterizedTest
    @CsvSource({"clocktower.give-way, true, true", "clocktower.kubevirt.hook.enabled, true, false",
            "clocktower.kubevirt.plugin.enabled, true, false", "clocktower.console.enabled, false, false"})
    void theConsoleIsOnUnlessTheServiceIsASidecar(String key, String value, boolean isOn) {
        assertEquals(isOn, new ConsoleSwitch(config(Map.of(key, value))).isOn());
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void whatIsConfiguredDecides(boolean isEnabled) {
        assertEquals(isEnabled, new ConsoleSwitch(config(Map.of("clocktower.kubevirt.hook.enabled", "true",
                "clocktower.console.enabled", Boolean.toString(isEnabled)))).isOn());
    }

    private static ClocktowerConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                .withSources(new PropertiesConfigSource(properties, "test", 100)).build()
                .getConfigMapping(ClocktowerConfig.class);
    }
}
