package io.clocktower.state;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.device.LogCounter;
import io.clocktower.device.ManualHostClock;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
        var store = new DeviceStore(BootId.of(bootId));
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
        store("one").keep(new DeviceRecord(spec(name), false, DeviceVersion.restored(Instant.EPOCH, 4), faults,
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
        assertEquals(List.of("vm0"), store("one").createdOverRest().stream().map(DeviceSpec::name).toList());

        DeviceRecord record = restored("one", NOW.plus(10 * SECOND));
        assertEquals(faults.list(), record.faults().list());
        assertEquals(Instant.EPOCH, record.version().created());
        assertEquals(4, record.version().revision());
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
            assertEquals(List.of("vm0"), store("one").createdOverRest().stream().map(DeviceSpec::name).toList());
            assertEquals(8, log.count(line -> line.contains("is not used: not the state of a device: ")));
            assertEquals(1, log.count(line -> line.contains("format.json") && line.contains("it is not of format 1")));
            assertEquals(1, log.count(line -> line.contains("other.json") && line.contains("it is of device vm0")));
        }
        try (Stream<Path> files = Files.list(path)) {
            assertEquals(8, files.filter(file -> file.toString().contains(".json.set-aside-")).count());
        }
    }

    @Test
    void aFaultThatCannotBeRestoredDoesNotTakeOthersWithIt() throws Exception {
        keep("vm0", none().with("a", of(0, new Effect.Step(5)), NOW).with("b", of(0, new Effect.Step(7)), NOW)
                .with("c", of(0, new Effect.Step(11)), NOW).at(NOW));
        String sound = Files.readString(path.resolve("vm0.json"));
        String edited = sound.replace("\"offsetNs\" : 5", "\"offsetNs\" : \"far\"").replaceFirst(
                "\\{[^{}]*\"offsetNs\" : 7[^{}]*}",
                "{ \"type\" : \"leap-second\", \"lastDay\" : \"1980-12-31\", \"change\" : 1 }");
        Files.writeString(path.resolve("vm0.json"), edited);
        try (var log = new LogCounter()) {
            DeviceRecord record = restored("one", NOW);
            assertEquals(List.of("c"), record.faults().list().stream().map(Fault::id).toList());
            assertEquals(1, record.alarms().size());
            assertEquals(1, log.count(line -> line.startsWith("vm0: fault a cannot be read: ")));
            assertEquals(1, log.count(line -> line.startsWith("vm0: fault b cannot be restored: ")));
        }
        assertEquals(edited, aside(), "nothing of the file is lost");
        assertEquals(edited, Files.readString(path.resolve("vm0.json")));
    }

    private String aside() throws Exception {
        try (Stream<Path> files = Files.list(path)) {
            return Files.readString(files.filter(file -> file.toString().contains(".json.set-aside-")).findFirst()
                    .orElseThrow());
        }
    }

    @Test
    void anUnknownBootIsTheSameAsNoOther() throws Exception {
        new DeviceStore(BootId.of("")).open(directory);
        var store = new DeviceStore(BootId.of(""));
        store.open(directory);
        store.keep(new DeviceRecord(spec("vm0"), false, DeviceVersion.restored(Instant.EPOCH, 4),
                none().with("a", of(new Effect.Drift(SECOND)), NOW).at(NOW), List.of()));
        DeviceRecord record = restored("", REBOOTED);
        assertEquals(REBOOTED.taiNs() + 3_600 * SECOND, shown(record, TAI, REBOOTED), "by the wall clock");
        assertEquals("", BootId.read(path.resolve("no-such-file")).toString());
        assertFalse(BootId.of("").isSameAs(BootId.of("")));
        assertFalse(BootId.of("one").isSameAs(BootId.of("")));
        assertTrue(BootId.of("one").isSameAs(BootId.of("one")));
    }

    @Test
    void aMonotonicClocksFaultEndsWhenItWasToHoweverOftenTheHostBoots() throws Exception {
        keep("vm0", none().with("a", lasting(4 * 3_600 * SECOND, of(MONOTONIC, new Effect.Drift(SECOND))), NOW)
                .at(NOW));
        Instant end = NOW.wallClock().plusSeconds(4 * 3_600);
        HostInstant now = NOW;
        for (String boot : List.of("two", "three", "four")) {
            now = new HostInstant(now.taiNs() + 3_600 * SECOND, now.realtimeNs() + 3_600 * SECOND, 5 * SECOND);
            DeviceStore store = store(boot);
            DeviceRecord record = store.restore(spec("vm0"), false, LeapSeconds.builtIn(), now);
            Fault fault = record.faults().list().getFirst();
            assertEquals(Optional.of(end), fault.end(), boot);
            assertEquals(now.boottimeNs() + Duration.between(now.wallClock(), end).toNanos(), fault.endNs(), boot);
            store.keep(record);
        }
    }

    @Test
    void aVersionNeverNamesTwoContents() throws Exception {
        keep("vm0", none());
        DeviceVersion first = restored("one", NOW).version();
        DeviceVersion afterKill = restored("one", NOW).version();
        assertNotEquals(first, afterKill, "what the first start changed in memory had the next revisions");
        assertEquals(first.revision(), afterKill.revision());
        assertNotEquals(DeviceVersion.first(Instant.EPOCH), DeviceVersion.first(Instant.EPOCH),
                "created again at once, or after the clock was set back");
        assertNotEquals(first.next(), first);
    }

    @Test
    void ofADeviceWithOtherClocksFaultsAndAlarmsAreForgotten() throws Exception {
        keep("vm0", none().with("a", of(new Effect.Step(5)), NOW).at(NOW));
        var other = new DeviceSpec("vm0", Path.of("/x"), CLOCKS.reversed(), Optional.empty(), Duration.ZERO, Map.of());
        DeviceRecord record = store("one").restore(other, true, LeapSeconds.builtIn(), NOW);
        assertEquals(List.of(), record.faults().list());
        assertEquals(List.of(), record.alarms());
        assertTrue(aside().contains("\"offsetNs\" : 5"), "nothing of the file is lost");
        assertEquals(5, record.version().revision());
    }

    @Test
    void whatCannotBeKeptIsToldAndWhatWasKeptStays() throws Exception {
        keep("vm0", none());
        byte[] before = Files.readAllBytes(path.resolve("vm0.json"));
        DeviceStore store = store("one");
        Files.createDirectories(path.resolve("vm0.json.tmp/x"));
        var refusal = assertThrows(DeviceException.class, () -> store.keep(new DeviceRecord(spec("vm0"), false,
                DeviceVersion.restored(Instant.EPOCH, 5), none(), List.of())));
        assertEquals(Reason.FAILED, refusal.reason());
        assertTrue(refusal.getMessage().startsWith("device vm0: its state cannot be written to disk: "),
                refusal::getMessage);
        assertEquals(1, store.failedWrites());
        assertEquals(Set.of("vm0"), store.failing().keySet());
        assertEquals(new String(before, UTF_8), Files.readString(path.resolve("vm0.json")));
    }
}
