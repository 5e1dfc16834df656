package io.clocktower.device;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.READ_ALARM;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.Smearing;
import io.clocktower.fault.FaultRequest;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.KeptFiles;
import io.clocktower.state.StateFile;
import io.clocktower.status.DeviceStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of devices when their service ends and starts anew, and of changes that cannot be made or kept. */
class KeptDevicesIT {

    private static final int UTC = 0;
    private static final int MONOTONIC = 1;
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final List<ClockSpec> CLOCKS = List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true),
            new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, true));

    @TempDir
    private Path directory;
    private final ManualHostClock clock = new ManualHostClock();
    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = Devices.kept(directory, clock, "a boot");
        devices.host().create(devices.spec("vm0", CLOCKS, Duration.ZERO));
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    private void restart() throws Exception {
        devices.close();
        devices = Devices.kept(directory, clock, "a boot");
    }

    /** A start from what was on disk a moment before the end, as after kill -9. */
    private void restartAfterKill() throws Exception {
        byte[] kept = Files.readAllBytes(file());
        devices.close();
        Files.write(file(), kept);
        devices = Devices.kept(directory, clock, "a boot");
    }

    private Path file() {
        return directory.resolve("state/vm0.json");
    }

    private Guest guest() throws Exception {
        return new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
    }

    private static long read(Guest guest, int clockId) {
        var response = guest.request(ofClock(READ, clockId), 16);
        assertEquals(OK, response.status());
        return response.le64(8);
    }

    private DeviceStatus inject(String id, FaultRequest request) throws DeviceException {
        return devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.of(id), request).after();
    }

    private DeviceStatus.Alarm alarm() throws Exception {
        return devices.status("vm0").clocks().get(UTC).alarm().orElseThrow();
    }

    private void awaitKept(Predicate<StateFile> condition) throws Exception {
        long endNs = System.nanoTime() + PATIENCE_NS;
        StateFile kept = KeptFiles.read(Files.readAllBytes(file()));
        while (!condition.test(kept)) {
            assertTrue(System.nanoTime() < endNs, kept.toString());
            Thread.onSpinWait();
            kept = KeptFiles.read(Files.readAllBytes(file()));
        }
    }

    @Test
    void theFirstReadingAfterAStartShowsTheFaultsOfBefore() throws Exception {
        inject("offset", of(new Effect.Step(-300 * SECOND)));
        inject("drift", lasting(3_600 * SECOND, of(new Effect.Drift(SECOND))));
        Instant start = Instant.EPOCH.plusNanos(clock.realtimeNs() + 100 * SECOND);
        inject("freeze", from(start, of(new Effect.Freeze())));
        DeviceStatus before = devices.status("vm0");

        restart();
        DeviceStatus after = devices.status("vm0");
        assertEquals(before.faults().stream().map(DeviceStatus.FaultEffect::fault).toList(),
                after.faults().stream().map(DeviceStatus.FaultEffect::fault).toList());
        assertEquals(before.version().created(), after.version().created());
        assertNotEquals(before.version(), after.version());
        assertEquals(before.spec(), after.spec());
        assertFalse(after.isConfigured());
        clock.advance(10 * SECOND);
        try (var guest = guest()) {
            assertEquals(clock.realtimeNs() - 290 * SECOND, read(guest, UTC));
            assertEquals(clock.boottimeNs(), read(guest, MONOTONIC));
            clock.advance(90 * SECOND);
            devices.await("vm0", status -> status.faults().getLast().fault().isActive());
            clock.advance(10 * SECOND);
            assertEquals(clock.realtimeNs() - 210 * SECOND, read(guest, UTC), "frozen at 100 s, and 10 s ago");
        }
    }

    @Test
    void aFrozenClockShowsTheSameAfterAKill() throws Exception {
        clock.advance(123_456_789);
        long frozenNs = inject("freeze", of(new Effect.Freeze())).clocks().get(UTC).reading().servedNs();
        clock.advance(10 * SECOND);
        restartAfterKill();
        try (var guest = guest()) {
            assertEquals(frozenNs, read(guest, UTC));
        }
    }

    @Test
    void theGuestsAlarmIsKeptWithinASecondAndComesOnceAfterTheStart() throws Exception {
        long dueNs = clock.realtimeNs() + 60 * SECOND;
        try (var guest = guest()) {
            assertEquals(OK, guest.request(setAlarm(UTC, dueNs, 1), 8).status());
            awaitKept(file -> file.alarms().getFirst().isEnabled() && file.alarms().getFirst().timeNs() == dueNs);
        }
        restartAfterKill();
        try (var guest = guest(); var alarmq = new Alarmq(guest)) {
            assertEquals(dueNs, guest.request(ofClock(READ_ALARM, UTC), 24).le64(8));
            alarmq.makeAvailable();
            alarmq.makeAvailable();
            clock.advance(60 * SECOND - 1);
            read(guest, UTC);
            assertFalse(alarmq.hasNotification());
            clock.advance(1);
            assertEquals(UTC, alarmq.awaitNotification());
            awaitKept(file -> file.alarms().getFirst().notifications() == 1);
        }
        restartAfterKill();
        try (var guest = guest(); var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            read(guest, UTC);
            assertFalse(alarmq.hasNotification(), "it was notified of before");
        }
    }

    @Test
    void anAlarmThatIsDueWhileTheServiceIsDownComesOnceWhenTheDriverDoes() throws Exception {
        try (var guest = guest()) {
            guest.request(setAlarm(UTC, clock.realtimeNs() + 60 * SECOND, 1), 8);
        }
        devices.close();
        clock.advance(3_600 * SECOND);
        devices = Devices.kept(directory, clock, "another boot");
        assertTrue(alarm().isWaiting());
        try (var guest = guest(); var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            alarmq.makeAvailable();
            assertEquals(UTC, alarmq.awaitNotification());
            read(guest, UTC);
            assertFalse(alarmq.hasNotification());
            assertEquals(1, alarm().expirations());
        }
    }

    /** What is on disk must know that the clock fell back, or the alarm would not come when it passes it again. */
    @Test
    void anAlarmThatAJumpBackMadePendingAgainIsPendingAfterAKill() throws Exception {
        try (var guest = guest(); var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            guest.request(setAlarm(UTC, clock.realtimeNs(), 1), 8);
            assertEquals(UTC, alarmq.awaitNotification());
        }
        inject("back", of(new Effect.Step(-60 * SECOND)));
        awaitKept(file -> !file.alarms().getFirst().isReached());
        restartAfterKill();
        clock.advance(60 * SECOND);
        devices.await("vm0", status -> status.clocks().get(UTC).alarm().orElseThrow().isWaiting());
    }

    @Test
    void aMonotonicClockHoldsAfterAStartWhatItCameToBefore() throws Exception {
        inject("drift", of(MONOTONIC, new Effect.Drift(SECOND)));
        clock.advance(10 * SECOND);
        long last;
        try (var guest = guest()) {
            last = read(guest, MONOTONIC);
            devices.host().changes().revert("vm0", DeviceVersion.ANY, _ -> true);
            assertEquals(last, read(guest, MONOTONIC));
        }
        restartAfterKill();
        try (var guest = guest()) {
            assertEquals(last, read(guest, MONOTONIC));
            clock.advance(11 * SECOND);
            assertEquals(clock.boottimeNs(), read(guest, MONOTONIC));
        }
    }

    @Test
    void aDeviceThatIsRemovedStaysAway() throws Exception {
        inject("offset", of(new Effect.Step(SECOND)));
        devices.host().remove("vm0", DeviceVersion.ANY, false);
        assertFalse(Files.exists(file()));
        restart();
        assertEquals(List.of(), devices.host().specs());
        devices.host().create(devices.spec("vm0", CLOCKS, Duration.ZERO));
        assertEquals(List.of(), devices.status("vm0").faults());
        assertEquals(Reason.CONFLICT, assertThrows(DeviceException.class,
                () -> devices.host().create(devices.spec("vm0", CLOCKS, Duration.ZERO))).reason());
    }

    @Test
    void labelsAreKept() throws Exception {
        devices.host().changes().label("vm0", DeviceVersion.ANY, Map.of("team", "payments"));
        restart();
        assertEquals(Map.of("team", "payments"), devices.status("vm0").spec().labels());
    }

    /** The state directory has become a file: as good as a disk that is full or gone. */
    @Test
    void aChangeThatCannotBeKeptIsNotMade() throws Exception {
        inject("offset", of(new Effect.Step(SECOND)));
        DeviceVersion version = devices.status("vm0").version();
        Path state = directory.resolve("state");
        Path away = directory.resolve("away");
        try (var guest = guest()) {
            Files.move(state, away);
            Files.writeString(state, "");
            for (Reason reason : List.of(
                    assertThrows(DeviceException.class, () -> inject("more", of(new Effect.Step(SECOND)))).reason(),
                    assertThrows(DeviceException.class, () -> devices.host().remove("vm0", DeviceVersion.ANY, true))
                            .reason(),
                    assertThrows(DeviceException.class, () -> devices.host().create(devices.spec("vm1", CLOCKS,
                            Duration.ZERO))).reason())) {
                assertEquals(Reason.FAILED, reason);
            }
            assertEquals(clock.realtimeNs() + SECOND, read(guest, UTC));
            assertEquals(version, devices.status("vm0").version());
            assertEquals(List.of("vm0"), devices.host().specs().stream().map(DeviceSpec::name).toList());
            Files.delete(state);
            Files.move(away, state);
            inject("more", of(new Effect.Step(SECOND)));
            assertEquals(clock.realtimeNs() + 2 * SECOND, read(guest, UTC));
        }
    }

    /** As on a disk that is full: the guest's time is true at once, and the disk has it as soon as it can. */
    @Test
    void trueTimeIsRestoredThoughItCannotBeKept() throws Exception {
        inject("offset", of(new Effect.Step(SECOND)));
        Path state = directory.resolve("state");
        Path away = directory.resolve("away");
        try (var guest = guest()) {
            Files.move(state, away);
            Files.writeString(state, "");
            var changed = devices.host().changes().revert("vm0", DeviceVersion.ANY, _ -> true);
            assertTrue(changed.unkept().orElseThrow().startsWith(
                    "device vm0: its state cannot be written to disk: cannot write "),
                    () -> changed.unkept().toString());
            assertEquals(clock.realtimeNs(), read(guest, UTC));
            assertEquals(Set.of("vm0"), devices.host().unkept().keySet());
            assertTrue(devices.host().failedWrites() >= 1);
            Files.delete(state);
            Files.move(away, state);
            awaitKept(file -> file.faults().isEmpty());
            devices.await("vm0", _ -> devices.host().unkept().isEmpty());
        }
        restartAfterKill();
        assertEquals(List.of(), devices.status("vm0").faults());
    }

    @Test
    void changesOfOneDeviceAreMadeOneAfterTheOther() throws Exception {
        long revision = devices.status("vm0").version().revision();
        try (var callers = Executors.newFixedThreadPool(8)) {
            var changes = IntStream.range(0, 24).mapToObj(i -> callers.submit(
                    () -> devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.empty(),
                            of(new Effect.Step(SECOND))).injected().fault().id()))
                    .toList();
            var ids = new HashSet<String>();
            for (var change : changes) {
                assertTrue(ids.add(change.get()));
            }
        }
        DeviceStatus status = devices.status("vm0");
        assertEquals(revision + 24, status.version().revision());
        assertEquals(24 * SECOND, status.clocks().get(UTC).reading().offsetNs().orElseThrow().longValueExact());
        restart();
        assertEquals(24 * SECOND,
                devices.status("vm0").clocks().get(UTC).reading().offsetNs().orElseThrow().longValueExact());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aChangeThatALoopDoesNotAnswerIsNotMadeLaterEither() throws Exception {
        DeviceVersion version = devices.status("vm0").version();
        byte[] kept = Files.readAllBytes(file());
        CountDownLatch release = devices.hold();
        var refusal = assertThrows(DeviceException.class, () -> inject("offset", of(new Effect.Step(SECOND))));
        assertEquals(Reason.NO_ANSWER, refusal.reason());
        assertEquals(Reason.NO_ANSWER, assertThrows(DeviceException.class,
                () -> devices.host().remove("vm0", DeviceVersion.ANY, true)).reason());
        release.countDown();
        assertEquals(version, devices.status("vm0").version());
        assertEquals(List.of(), devices.status("vm0").faults());
        assertArrayEquals(kept, Files.readAllBytes(file()));
    }

    /** Makes a change, and holds the loop as soon as that has answered what the device is to be. */
    private Reason reasonOfAChangeHeldInTheMiddle(Executable change, CountDownLatch release) throws Exception {
        CountDownLatch asked = devices.hold();
        var reason = new CompletableFuture<Reason>();
        Thread caller = Thread.ofPlatform().start(
                () -> reason.complete(assertThrows(DeviceException.class, change).reason()));
        while (caller.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        clock.runOnLoop(() -> awaitQuietly(release));
        asked.countDown();
        return reason.get();
    }

    @Test
    void aChangeThatIsKeptAndNotAnsweredIsMadeAsSoonAsTheLoopGoesOn() throws Exception {
        var release = new CountDownLatch(1);
        Reason reason = reasonOfAChangeHeldInTheMiddle(() -> inject("offset", of(new Effect.Step(SECOND))), release);
        assertEquals(Reason.NOT_KNOWN, reason);
        assertEquals(1, KeptFiles.read(Files.readAllBytes(file())).faults().size());
        release.countDown();
        assertEquals(SECOND,
                devices.status("vm0").clocks().get(UTC).reading().offsetNs().orElseThrow().longValueExact());
        inject("more", of(new Effect.Step(SECOND)));
        restart();
        assertEquals(2 * SECOND,
                devices.status("vm0").clocks().get(UTC).reading().offsetNs().orElseThrow().longValueExact());
    }

    @Test
    void aRemovalThatIsNotAnsweredIsMadeAsSoonAsTheLoopGoesOn() throws Exception {
        var release = new CountDownLatch(1);
        Reason reason = reasonOfAChangeHeldInTheMiddle(
                () -> devices.host().remove("vm0", DeviceVersion.ANY, true), release);
        assertEquals(Reason.NOT_KNOWN, reason);
        release.countDown();
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (devices.host().counters("vm0").isPresent()) {
            assertTrue(System.nanoTime() < endNs, "the device stays");
        }
        assertFalse(Files.exists(file()));
        devices.host().create(devices.spec("vm0", CLOCKS, Duration.ZERO));
        try (var guest = guest()) {
            assertEquals(clock.realtimeNs(), read(guest, UTC));
        }
    }

    /** They do not wait for one another's deadlines. */
    @Test
    void allWhoAskForADeviceOfALoopThatDoesNotAnswerAreAnsweredInTime() throws Exception {
        CountDownLatch release = devices.hold();
        long startNs = System.nanoTime();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var reason : callers.invokeAll(IntStream.rangeClosed(1, 8).<Callable<Reason>>mapToObj(
                    i -> () -> assertThrows(DeviceException.class, () -> devices.host()
                            .create(devices.spec("vm" + i, CLOCKS, Duration.ZERO))).reason())
                    .toList())) {
                assertEquals(Reason.NO_ANSWER, reason.get());
            }
        }
        assertTrue(System.nanoTime() - startNs < 3 * LoopAnswer.DEADLINE.toNanos());
        release.countDown();
        assertEquals(List.of("vm0"), devices.host().specs().stream().map(DeviceSpec::name).toList());
    }

    @Test
    void aDeviceThatALoopDoesNotMakeInTimeIsNotThereLaterEither() throws Exception {
        long descriptors = OpenDescriptors.settled();
        CountDownLatch release = devices.hold();
        DeviceException refusal = assertThrows(DeviceException.class,
                () -> devices.host().create(devices.spec("vm1", CLOCKS, Duration.ZERO)));
        assertEquals(Reason.NO_ANSWER, refusal.reason());
        assertTrue(refusal.getMessage().endsWith("it was not created"), refusal::getMessage);
        release.countDown();
        devices.status("vm0");
        devices.status("vm0");
        assertEquals(List.of("vm0"), devices.host().specs().stream().map(DeviceSpec::name).toList());
        OpenDescriptors.await(descriptors);
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (Files.exists(devices.socket("vm1"))) {
            assertTrue(System.nanoTime() < endNs, "the file stays");
        }
        devices.host().create(devices.spec("vm1", CLOCKS, Duration.ZERO));
    }
}
