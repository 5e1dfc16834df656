package io.clocktower.device;

import static io.clocktower.device.FaultRequests.from;
import static io.clocktower.device.FaultRequests.lasting;
import static io.clocktower.device.FaultRequests.of;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.device.DeviceException.Reason;
import io.clocktower.rtc.AlarmStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceStoreTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int TAI = 0;
    private static final int MONOTONIC = 1;
    private static final List<ClockSpec> CLOCKS = List.of(
            new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true));
    private static final HostInstant NOW = new HostInstant(
            ManualHostClock.UTC_NS + ManualHostClock.TAI_MINUS_UTC_NS, ManualHostClock.UTC_NS, 1_000 * SECOND);
    /** An hour later, but 5 s after the next boot. */
    private static final HostInstant REBOOTED = new HostInstant(NOW.taiNs() + 3_600 * SECOND,
            NOW.realtimeNs() + 3_600 * SECOND, 5 * SECOND);

    @TempDir
    private Path path;
    private StateDirectory directory;

    @BeforeEach
    void open() throws Exception {
        directory = StateDirectory.open(path);
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private DeviceStore store(String bootId) {
        var store = new DeviceStore(bootId);
        store.open(directory);
        return store;
    }

    private static DeviceSpec spec(String name) {
        return new DeviceSpec(name, Path.of("/run/" + name + ".sock"), CLOCKS, Optional.empty(), Duration.ZERO,
                Map.of());
    }

    private static Faults none() {
        return new Faults(CLOCKS, LeapSeconds.builtIn(), List.of(), Map.of());
    }

    private void keep(String name, Faults faults) throws DeviceException {
        store("one").keep(new DeviceRecord(spec(name), false, new DeviceVersion(Instant.EPOCH, 4), faults,
                List.of(new AlarmStatus(TAI, -3, true, true, true, 9, 8, 7))));
    }

    private DeviceRecord restored(String bootId, HostInstant now) {
        return store(bootId).restore(spec("vm0"), false, LeapSeconds.builtIn(), now);
    }

    private static long shown(DeviceRecord record, int clock, HostInstant at) {
        return record.faults().at(at).clock(clock).readNs(at);
    }

    @Test
    void aDeviceIsRestoredAsItWasKept() throws Exception {
        Faults faults = none().with("a", of(new Effect.Step(-5 * SECOND)), NOW)
                .with("b", lasting(60 * SECOND, of(MONOTONIC, new Effect.Drift(SECOND))), NOW)
                .with("c", from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + 30 * SECOND), of(new Effect.Freeze())), NOW)
                .at(NOW);
        keep("vm0", faults);
        assertEquals(List.of("vm0"), store("one").madeOverRest().stream().map(DeviceSpec::name).toList());

        DeviceRecord record = restored("one", NOW.plus(10 * SECOND));
        assertEquals(faults.list(), record.faults().list());
        assertEquals(new DeviceVersion(Instant.EPOCH, 4), record.version());
        assertEquals(List.of(new AlarmStatus(TAI, -3, true, true, true, 9, 8, 7)), record.alarms());
        assertEquals(NOW.taiNs() + 5 * SECOND, shown(record, TAI, NOW.plus(10 * SECOND)));
        assertEquals(NOW.taiNs() + 25 * SECOND, shown(record, TAI, NOW.plus(40 * SECOND)), "frozen at 30 s");
        assertEquals(NOW.boottimeNs() + 20 * SECOND, shown(record, MONOTONIC, NOW.plus(10 * SECOND)));
    }

    @Test
    void whatBeganAndEndedMeanwhileIsGone() throws Exception {
        Faults faults = none().with("a", lasting(60 * SECOND, of(new Effect.Step(-5 * SECOND))), NOW).at(NOW)
                .with("b", from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + 30 * SECOND), of(new Effect.Freeze())), NOW);
        keep("vm0", faults);
        DeviceRecord record = restored("one", NOW.plus(100 * SECOND));
        assertEquals(List.of("b"), record.faults().list().stream().map(Fault::id).toList());
        assertEquals(NOW.taiNs() + 25 * SECOND, shown(record, TAI, NOW.plus(100 * SECOND)));
    }

    @Test
    void afterAnotherBootFaultsGoOnByTheWallClock() throws Exception {
        keep("vm0", none().with("a", lasting(7_200 * SECOND, of(new Effect.Drift(SECOND))), NOW)
                .with("b", lasting(3_599 * SECOND, of(new Effect.Step(SECOND))), NOW)
                .with("c", from(Instant.EPOCH.plusNanos(NOW.realtimeNs() + 3_610 * SECOND), of(new Effect.Freeze())),
                        NOW)
                .at(NOW));
        DeviceRecord record = restored("two", REBOOTED);
        assertEquals(List.of("a", "c"), record.faults().list().stream().map(Fault::id).toList());
        assertEquals(REBOOTED.taiNs() + 3_600 * SECOND, shown(record, TAI, REBOOTED));
        assertEquals(REBOOTED.taiNs() + 3_620 * SECOND, shown(record, TAI, REBOOTED.plus(100 * SECOND)),
                "frozen at 3,610 s and drifting");
    }

    @Test
    void afterAnotherBootAMonotonicClocksFaultBeginsAnewWithIt() throws Exception {
        keep("vm0", none().with("a", lasting(7_200 * SECOND, of(MONOTONIC, new Effect.Drift(SECOND))), NOW)
                .with("b", lasting(3_600 * SECOND, of(MONOTONIC, new Effect.Freeze())), NOW).at(NOW)
                .withFloors(Map.of(MONOTONIC, NOW.boottimeNs())));
        DeviceRecord record = restored("two", REBOOTED);
        assertEquals(REBOOTED.boottimeNs() + 20 * SECOND, shown(record, MONOTONIC, REBOOTED.plus(10 * SECOND)),
                "from its new zero, and held by nothing");
        assertEquals(List.of("a"), record.faults().list().stream().map(Fault::id).toList());
        assertEquals(REBOOTED.boottimeNs() + 3_600 * SECOND, record.faults().list().getFirst().endNs());
    }

    @Test
    void aMonotonicClockHoldsWhatAFaultThatEndedMeanwhileLedItTo() throws Exception {
        keep("vm0", none().with("a", lasting(10 * SECOND, of(MONOTONIC, new Effect.Step(Long.MAX_VALUE))), NOW).at(NOW)
                .withFloors(Map.of(MONOTONIC, 5L)));
        DeviceRecord record = restored("one", NOW.plus(11 * SECOND));
        assertEquals(NOW.boottimeNs() + Long.MAX_VALUE + 10 * SECOND - 1,
                shown(record, MONOTONIC, NOW.plus(12 * SECOND)));
    }

    @Test
    void whatIsNoneOfOursIsSetAsideAndTheOthersAreRestored() throws Exception {
        keep("vm0", none());
        String sound = Files.readString(path.resolve("vm0.json"));
        Files.writeString(path.resolve("torn.json"), sound.substring(0, sound.length() / 2));
        Files.writeString(path.resolve("other.json"), sound);
        Files.writeString(path.resolve("format.json"), sound.replace("\"format\" : 1", "\"format\" : 2"));
        Files.writeString(path.resolve("field.json"), sound.replace("\"bootId\"", "\"colour\" : 1, \"bootId\""));
        Files.write(path.resolve("bytes.json"), new byte[]{0, (byte) 0xff, 7});
        Files.writeString(path.resolve("empty.json"), "");
        Files.writeString(path.resolve("socket.json"),
                sound.replace("\"name\" : \"vm0\"", "\"name\" : \"socket\"").replace("/run/vm0", "/run\\u0000/vm0"));
        Files.writeString(path.resolve("label.json"),
                sound.replace("\"name\" : \"vm0\"", "\"name\" : \"label\"").replace("\"labels\" : { }",
                        "\"labels\" : { \"a\" : null }"));

        try (var log = new LogCounter()) {
            assertEquals(List.of("vm0"), store("one").madeOverRest().stream().map(DeviceSpec::name).toList());
            assertEquals(8, log.count(line -> line.contains("is not used: not the state of a device: ")));
            assertEquals(1, log.count(line -> line.contains("format.json") && line.contains("its format is 2")));
            assertEquals(1, log.count(line -> line.contains("other.json") && line.contains("it is of device vm0")));
        }
        try (Stream<Path> files = Files.list(path)) {
            assertEquals(8, files.filter(file -> file.toString().contains(".json.set-aside-")).count());
        }
    }

    @Test
    void faultsThatCannotBeAnyMoreLeaveTrueTime() throws Exception {
        keep("vm0", none().with("a", of(0, new Effect.Step(5)), NOW).at(NOW));
        String sound = Files.readString(path.resolve("vm0.json"));
        Files.writeString(path.resolve("vm0.json"), sound.replaceFirst("\"effect\" : \\{[^}]*}",
                "\"effect\" : { \"type\" : \"leap-second\", \"lastDay\" : \"1980-12-31\", \"change\" : 1 }"));
        DeviceRecord record = restored("one", NOW);
        assertEquals(List.of(), record.faults().list());
        assertEquals(1, record.alarms().size(), "its alarms are sound");
    }

    @Test
    void ofADeviceWithOtherClocksFaultsAndAlarmsAreForgotten() throws Exception {
        keep("vm0", none().with("a", of(new Effect.Step(5)), NOW).at(NOW));
        var other = new DeviceSpec("vm0", Path.of("/x"), CLOCKS.reversed(), Optional.empty(), Duration.ZERO, Map.of());
        DeviceRecord record = store("one").restore(other, true, LeapSeconds.builtIn(), NOW);
        assertEquals(List.of(), record.faults().list());
        assertEquals(List.of(), record.alarms());
        assertEquals(new DeviceVersion(Instant.EPOCH, 5), record.version());
    }

    @Test
    void whatCannotBeKeptIsToldAndWhatWasKeptStays() throws Exception {
        keep("vm0", none());
        byte[] before = Files.readAllBytes(path.resolve("vm0.json"));
        DeviceStore store = store("one");
        Files.createDirectories(path.resolve("vm0.json.tmp/x"));
        var refusal = assertThrows(DeviceException.class, () -> store.keep(new DeviceRecord(spec("vm0"), false,
                new DeviceVersion(Instant.EPOCH, 5), none(), List.of())));
        assertEquals(Reason.FAILED, refusal.reason());
        assertTrue(refusal.getMessage().contains("nothing was changed"), refusal::getMessage);
        assertEquals(new String(before, UTF_8), Files.readString(path.resolve("vm0.json")));
    }
}
