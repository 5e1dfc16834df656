package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceSpec;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a configuration makes, and that each error in one names its property and its value. */
class DeviceSpecsTest {

    private static final String DEVICES = "clocktower.devices.";

    @TempDir
    private Path directory;

    @Test
    void withoutAnyThereIsOneDeviceWithTheDefaultClocks() {
        List<DeviceSpec> specs = sound(Map.of("clocktower.socket-dir", "/run/x"));

        assertEquals(List.of(new DeviceSpec("vm0", Path.of("/run/x/vm0.sock"), ClockSpec.DEFAULTS,
                Optional.empty(), DeviceSpec.POLL_WINDOW, Map.of())), specs);
    }

    @Test
    void aDeviceIsAsItsPropertiesSay() {
        List<DeviceSpec> specs = sound(Map.of(DEVICES + "vm0.socket", "/run/x/a.sock", DEVICES + "vm0.mode", "listen",
                DEVICES + "vm0.clocks[0].type", "utc-smeared", DEVICES + "vm0.clocks[1].type", "utc-smeared",
                DEVICES + "vm0.clocks[1].smearing", "utc-sls", DEVICES + "vm0.clocks[1].alarm", "true",
                DEVICES + "vm0.clocks[2].type", "monotonic", DEVICES + "vm0.poll-window", "800ns",
                DEVICES + "vm0.features.event-index", "false", DEVICES + "vm0.labels.team", "payments"));

        assertEquals(List.of(new DeviceSpec("vm0", Path.of("/run/x/a.sock"),
                List.of(new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, false),
                        new ClockSpec(ClockType.UTC_SMEARED, Smearing.UTC_SLS, true),
                        new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, false)),
                Optional.empty(), Duration.ofNanos(800), new DeviceFeatures(true, true, false, true),
                Map.of("team", "payments"))),
                specs);
    }

    @Test
    void aCounterIsAsItsPropertiesSay() {
        assertEquals(Optional.of(new CounterMapping(-7, 1L << 48, 48)),
                sound(Map.of("clocktower.socket-dir", "/run/x", DEVICES + "vm0.counter.offset", "-7",
                        DEVICES + "vm0.counter.ratio", "281474976710656", DEVICES + "vm0.counter.fraction-bits", "48"))
                        .getFirst().counter());
        assertEquals(Optional.of(CounterMapping.unscaled(5)),
                sound(Map.of("clocktower.socket-dir", "/run/x", DEVICES + "vm0.counter.offset", "5")).getFirst()
                        .counter());
    }

    @Test
    void aDeviceWithoutASocketHasOneOfItsNameInTheSocketDirectory() {
        List<DeviceSpec> specs = sound(Map.of("clocktower.socket-dir", "/run/x", DEVICES + "b.poll-window", "0s",
                DEVICES + "\"a.b\".labels.x", "y"));

        assertEquals(List.of(Path.of("/run/x/a.b.sock"), Path.of("/run/x/b.sock")),
                specs.stream().map(DeviceSpec::socket).toList());
    }

    @Test
    void bounds() {
        String longest = "/" + "x".repeat(106);
        Map<String, String> properties = new HashMap<>(Map.of(DEVICES + "vm0.socket", longest,
                DEVICES + "vm0.poll-window", "1s", "clocktower.shutdown-grace", "1d", "clocktower.event-loops", "1"));
        IntStream.range(0, 64).forEach(i -> properties.put(DEVICES + "vm0.clocks[" + i + "].type", "tai"));

        assertEquals(64, sound(properties).getFirst().clocks().size());
        assertEquals(Duration.ZERO, sound(Map.of(DEVICES + "vm0.poll-window", "0s")).getFirst().pollWindow());
    }

    static Stream<Arguments> errors() {
        String tooLong = "/" + "é".repeat(54);
        return Stream.of(
                error("clocktower.event-loops: 0, expected 1 to", "clocktower.event-loops", "0"),
                error("clocktower.event-loops: 1000, expected 1 to", "clocktower.event-loops", "1000"),
                error("clocktower.shutdown-grace: -1s, expected 0s to 1 day", "clocktower.shutdown-grace", "-PT1S"),
                error("clocktower.shutdown-grace: 1d1h, expected 0s to 1 day", "clocktower.shutdown-grace", "25h"),
                error("clocktower.devices.vm0.poll-window: 2s, expected 0s to 1s", DEVICES + "vm0.poll-window", "2s"),
                error("clocktower.devices.vm0.poll-window: -1s, expected 0s to 1s", DEVICES + "vm0.poll-window",
                        "-PT1S"),
                error("clocktower.devices.vm0.counter.fraction-bits: 64, expected 0 to 63",
                        DEVICES + "vm0.counter.offset", "0", DEVICES + "vm0.counter.fraction-bits", "64"),
                error("clocktower.devices.vm0.counter.ratio: x, expected", DEVICES + "vm0.counter.offset", "0",
                        DEVICES + "vm0.counter.ratio", "x"),
                error("clocktower.devices.vm0.labels.teamName: \"a b\", expected", DEVICES + "vm0.labels.teamName",
                        "a b"),
                error("clocktower.devices.vm0.socket: " + tooLong + " has 109 bytes, expected at most 107",
                        DEVICES + "vm0.socket", tooLong),
                error("clocktower.devices.\"a b\": ", DEVICES + "\"a b\".poll-window", "0s"),
                error("clocktower.devices.\"../a\": ", DEVICES + "\"../a\".poll-window", "0s"),
                error("clocktower.devices.-a: ", DEVICES + "-a.poll-window", "0s"),
                error("clocktower.devices." + "x".repeat(64) + ": ", DEVICES + "x".repeat(64) + ".poll-window", "0s"),
                error("clocktower.devices.vm0.clocks[1].smearing: noon-linear, expected unspecified for a clock of type tai: "
                        + "only utc-smeared clocks have a smearing variant", DEVICES + "vm0.clocks[0].type", "utc",
                        DEVICES + "vm0.clocks[1].type", "tai", DEVICES + "vm0.clocks[1].smearing", "noon-linear"),
                error("clocktower.devices.b.socket: /run/x.sock is also the socket of clocktower.devices.a.socket",
                        DEVICES + "a.socket", "/run/x.sock", DEVICES + "b.socket", "/run/../run/x.sock"));
    }

    private static Arguments error(String expected, String... properties) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < properties.length; i += 2) {
            map.put(properties[i], properties[i + 1]);
        }
        return Arguments.of(expected, map);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("errors")
    void anErrorNamesItsPropertyAndValue(String expected, Map<String, String> properties) {
        List<String> errors = DeviceSpecs.of(config(properties)).errors();

        assertEquals(1, errors.size(), errors::toString);
        assertTrue(errors.getFirst().startsWith(expected), errors::toString);
    }

    static Stream<Arguments> invalid() {
        return Stream.of(error("clocktower.no-such", "clocktower.no-such", "1"),
                error("clocktower.devices.vm0.sokcet", DEVICES + "vm0.sokcet", "/x"),
                error("clocktower.event-loops with the config value \"many\"", "clocktower.event-loops", "many"),
                error("clocktower.shutdown-grace with the config value \"soon\"", "clocktower.shutdown-grace", "soon"),
                error("poll-window with the config value \"5parsecs\"", DEVICES + "vm0.poll-window", "5parsecs"),
                error("\"5\", expected a duration with units", "clocktower.shutdown-grace", "5"),
                error("\"1M\", expected a duration with units", "clocktower.shutdown-grace", "1M"),
                error("\" PT1S\", expected a duration with units", DEVICES + "vm0.poll-window", " PT1S"),
                error("\"5\", expected a duration with units", "clocktower.webhooks.a.timeout", "5",
                        "clocktower.webhooks.a.url", "http://localhost/"),
                error("clocks[0].type with the config value \"gps\"", DEVICES + "vm0.clocks[0].type", "gps"),
                error("clocks[0].type", DEVICES + "vm0.clocks[0].alarm", "true"),
                error("vm0.mode with the config value \"dial\"", DEVICES + "vm0.mode", "dial"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void whatTheMappingRefusesIsNamedToo(String expected, Map<String, String> properties) {
        var refusal = assertThrows(ConfigValidationException.class, () -> config(properties));

        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    @Test
    void moreThan64ClocksAreTooMany() {
        Map<String, String> properties = new HashMap<>();
        IntStream.range(0, 65).forEach(i -> properties.put(DEVICES + "vm0.clocks[" + i + "].type", "tai"));

        assertEquals(List.of("clocktower.devices.vm0.clocks: 65 clocks, expected at most 64"),
                DeviceSpecs.of(config(properties)).errors());
    }

    @Test
    void allErrorsAreNamedAtOnce() {
        assertEquals(3, DeviceSpecs.of(config(Map.of("clocktower.event-loops", "0", DEVICES + "a.poll-window", "2s",
                DEVICES + "\"b c\".poll-window", "0s"))).errors().size());
    }

    @Test
    void aSocketThroughASymbolicLinkIsTheSameSocket() throws Exception {
        Path real = Files.createDirectory(directory.resolve("real"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);

        List<String> errors = DeviceSpecs.of(config(Map.of(DEVICES + "a.socket", real.resolve("new/x.sock").toString(),
                DEVICES + "b.socket", link.resolve("new/x.sock").toString()))).errors();

        assertEquals(1, errors.size());
        assertTrue(errors.getFirst().contains("is also the socket of clocktower.devices.a.socket"), errors::toString);
    }

    private static List<DeviceSpec> sound(Map<String, String> properties) {
        DeviceSpecs.Checked checked = DeviceSpecs.of(config(properties));
        assertEquals(List.of(), checked.errors());
        return checked.specs();
    }

    /** The mapping as Quarkus makes it. */
    private static ClocktowerConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                .withSources(new PropertiesConfigSource(properties, "test", 100)).build()
                .getConfigMapping(ClocktowerConfig.class);
    }
}
