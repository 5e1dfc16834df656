package io.clocktower.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Effect;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StateFileTest {

    private static final String BOOT = "0b6d1a2e-boot";

    static Stream<Effect> effects() {
        return Stream.of(new Effect.Step(Long.MIN_VALUE), new Effect.Step(Long.MAX_VALUE), new Effect.Step(0),
                new Effect.SetTime(0), new Effect.SetTime(-2), new Effect.SetTime(Long.MIN_VALUE),
                new Effect.Drift(-999_999_999), new Effect.Drift(Effect.HIGHEST_RATE_PPB),
                new Effect.Slew(Long.MIN_VALUE, 999_999_999), new Effect.Slew(Long.MAX_VALUE, Effect.HIGHEST_RATE_PPB),
                new Effect.Slew(0, 1), new Effect.Freeze(), new Effect.Jitter(0, 1000, Long.MIN_VALUE),
                new Effect.Jitter(1L << 62, Long.MAX_VALUE, Long.MAX_VALUE), new Effect.Strobe(Long.MIN_VALUE, 1000),
                new Effect.Strobe(Long.MAX_VALUE, Long.MAX_VALUE),
                new Effect.LeapSecond(LocalDate.of(1972, 1, 31), -1),
                new Effect.LeapSecond(LocalDate.of(2261, 12, 31), 1));
    }

    @ParameterizedTest
    @MethodSource("effects")
    void aFaultIsReadAsItWasWritten(Effect effect) throws Exception {
        var plain = new Fault("f1", Optional.empty(), effect, Instant.parse("1970-01-01T00:00:00Z"), Long.MIN_VALUE,
                Optional.empty(), "", "", Map.of());
        var full = new Fault("offset-3", Optional.of(3), effect, Instant.parse("2554-07-21T23:34:33.709551615Z"),
                Long.MAX_VALUE, Optional.of(Duration.ofDays(36_500)), "ada \u0000\uD83D\uDD70 \"\\", "why\nnot",
                Map.of());
        assertEquals(List.of(plain, full), written(record(List.of(plain, full), Map.of(), List.of())).faults());
    }

    /** Faults that nobody could inject are written as they are all the same. */
    private static DeviceRecord record(List<Fault> faults, Map<Integer, Long> floors, List<AlarmStatus> alarms) {
        var spec = new DeviceSpec("vm0", Path.of("/run/clock tower/vm0.sock"), ClockSpec.DEFAULTS,
                Optional.of(new CounterMapping(Long.MIN_VALUE, -1, 63)), Duration.ofNanos(50_001),
                new DeviceFeatures(false, true, true, true), Map.of("team", "payments", "tier", ""));
        return new DeviceRecord(spec, false, DeviceVersion.restored(Instant.parse("2026-11-22T12:00:00.123456789Z"), 7),
                new Faults(spec.clocks(), LeapSeconds.builtIn(), faults, floors), alarms);
    }

    private static StateFile written(DeviceRecord record) throws IOException {
        return KeptFiles.read(StateFile.write(record, BOOT));
    }

    @Test
    void aDeviceIsReadAsItWasWritten() throws Exception {
        var alarms = List.of(new AlarmStatus(0, -1, true, false, true, Long.MAX_VALUE, 2, 3),
                new AlarmStatus(3, 0, false, true, false, 0, 0, 0));
        DeviceRecord record = record(List.of(), Map.of(2, -2L), alarms);
        StateFile file = written(record);
        assertEquals(record.spec(), file.device().spec());
        assertEquals(new StateFile.Version(record.version().created(), 7), file.version());
        assertEquals(alarms, file.alarms());
        assertEquals(Map.of(2, -2L), file.floorsNs());
        assertEquals(BOOT, file.bootId());
        assertEquals(false, file.isConfigured());
        assertArrayEquals(StateFile.write(record, BOOT), StateFile.write(new DeviceRecord(file.device().spec(), false,
                record.version(), new Faults(ClockSpec.DEFAULTS, LeapSeconds.builtIn(), file.faults(), file.floorsNs()),
                file.alarms()), BOOT));
    }

    @Test
    void aDeviceOfAReleaseThatWithheldNoFeatureOffersAll() throws Exception {
        var json = new ObjectMapper();
        var file = (ObjectNode) json.readTree(StateFile.write(record(List.of(), Map.of(), List.of()), BOOT));
        ((ObjectNode) file.get("device")).remove("features");
        assertEquals(DeviceFeatures.ALL, KeptFiles.read(json.writeValueAsBytes(file)).device().features());
    }

    @Test
    void anAnchorIsReadAsItWasWritten() throws Exception {
        var fault = new Fault("f1", Optional.empty(), new Effect.Freeze(), Instant.EPOCH, -5, Optional.empty(), "", "",
                Map.of(0, -2L, 1, 0L, 3, Long.MIN_VALUE));
        var faults = new Faults(ClockSpec.DEFAULTS, LeapSeconds.builtIn(), List.of(fault), Map.of());
        assertEquals(List.of(fault), written(record(List.of(), Map.of(), List.of()).with(faults)).faults());
    }

    private static String text() {
        var fault = new Fault("f1", Optional.of(1), new Effect.Step(5), Instant.EPOCH, 0,
                Optional.of(Duration.ofDays(1)),
                "", "", Map.of());
        return new String(StateFile.write(record(List.of(fault), Map.of(2, 5L),
                List.of(new AlarmStatus(0, 5, true, false, false, 0, 0, 0))), BOOT), UTF_8);
    }

    @Test
    void aTornFileIsRefusedWhereverItIsTorn() {
        String text = text();
        for (int length = 0; length < text.length(); length++) {
            byte[] torn = text.substring(0, length).getBytes(UTF_8);
            assertThrows(IOException.class, () -> KeptFiles.read(torn), () -> new String(torn, UTF_8));
        }
        assertThrows(IOException.class, () -> KeptFiles.read((text + "{}").getBytes(UTF_8)));
    }

    /** Each would fail later, where it keeps other devices from starting. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "\"format\" : 1 | \"format\" : 2", "\"format\" : 1 | \"format\" : \"1\"", "\"format\" : 1 | \"colour\" : 1",
            "\"bootId\" : | \"colour\" : 1, \"bootId\" :", "\"revision\" : 7 | \"revision\" : null",
            "\"2\" : 5 | \"4\" : 5", "\"clockId\" : 0 | \"clockId\" : -1", "\"clockId\" : 0 | \"clockId\" : 4",
            "\"type\" : \"TAI\" | \"type\" : \"GPS\"", "\"faults\" : [ | \"faults\" : 5, \"x\" : [",
            "\"alarms\" : [ | \"alarms\" : [ null,", "\"clocks\" : [ | \"clocks\" : [ null,",
            "\"fractionBits\" : 63 | \"fractionBits\" : 64"})
    void whatCannotBeIsRefused(String found, String replaced) {
        String text = text();
        assertTrue(text.contains(found), () -> found + " in " + text);
        var changed = text.replace(found, replaced).getBytes(UTF_8);
        assertThrows(IOException.class, () -> StateFile.read(changed, _ -> {}));
    }

    /** What an older or a newer release wrote, or a person: only this fault is lost. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "\"type\" : \"step\" | \"type\" : \"warp\"", "\"offsetNs\" : 5 | \"offsetNs\" : 5e30",
            "\"offsetNs\" : 5 | \"offsetNs\" : 5, \"colour\" : 2", "\"clock\" : 1 | \"clock\" : 4",
            "\"clock\" : 1 | \"clock\" : -1", "\"anchorsNs\" : { } | \"anchorsNs\" : { \"4\" : 5 }",
            "\"anchorsNs\" : { } | \"anchorsNs\" : { \"1\" : null }", "\"PT24H\" | \"PT-1S\"",
            "\"PT24H\" | \"P9999999D\"", "\"faults\" : [ | \"faults\" : [ null,"})
    void aFaultThatCannotBeReadDoesNotTakeOthersWithIt(String found, String replaced) throws Exception {
        var sound = new Fault("f0", Optional.empty(), new Effect.Freeze(), Instant.EPOCH, 0, Optional.empty(), "", "",
                Map.of());
        String text = text();
        assertTrue(text.contains(found), () -> found + " in " + text);
        ObjectMapper json = new ObjectMapper();
        JsonNode file = json.readTree(StateFile.write(record(List.of(sound), Map.of(), List.of()), BOOT));
        ((ArrayNode) file.get("faults")).addAll((ArrayNode) json.readTree(text.replace(found, replaced)).get("faults"));

        List<String> errors = new ArrayList<>();
        List<Fault> faults = StateFile.read(json.writeValueAsBytes(file), errors::add).faults();

        assertTrue(faults.contains(sound), faults::toString);
        assertEquals(1, errors.size(), errors::toString);
        assertTrue(errors.getFirst().matches("fault (f1|null) cannot be read: [^\n]{1,300}"), errors::toString);
    }
}
