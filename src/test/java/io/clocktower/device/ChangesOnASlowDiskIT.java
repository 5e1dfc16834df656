package io.clocktower.device;

import static io.clocktower.fault.FaultRequests.from;
import static io.clocktower.fault.FaultRequests.lasting;
import static io.clocktower.fault.FaultRequests.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Effect;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.Smearing;
import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.event.DeviceEvent;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.BootId;
import io.clocktower.state.DeviceStore;
import io.clocktower.state.HookedFiles;
import io.clocktower.state.KeptFiles;
import io.clocktower.state.StateDirectory;
import io.clocktower.status.DeviceStatus;
import io.clocktower.vhostuser.HostLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What begins, ends and is reverted while a change is written to disk is not undone; and a disk that is full. */
class ChangesOnASlowDiskIT {

    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);
    private static final List<ClockSpec> CLOCKS = List.of(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true));

    @TempDir
    private Path directory;
    private final ManualHostClock clock = new ManualHostClock();
    private final List<DeviceEvent> events = new CopyOnWriteArrayList<>();
    private StateDirectory state;
    private HookedFiles disk;
    private DeviceHost host;

    @BeforeEach
    void start() throws Exception {
        state = StateDirectory.open(directory.resolve("state"));
        disk = new HookedFiles(state);
        host = new DeviceHost(clock, clock, LeapSeconds.builtIn(), new DeviceStore(BootId.of("a boot")), 1,
                HostLimits.ofKernel(false));
        host.keepIn(disk);
        host.create(new DeviceSpec("vm0", directory.resolve("vm0.sock"), CLOCKS, Optional.empty(), Duration.ZERO,
                Map.of()));
        host.events().subscribe(events::add);
    }

    @AfterEach
    void stop() {
        host.close();
        state.close();
    }

    /** Each kind of change, with an effect on the offset of the clock. */
    private enum Kind {
        LABEL, COUNTER, INJECT, REPLACE, REVERT
    }

    /** When something happens: before the change is on disk, or when it is. */
    private enum Moment {
        BEFORE, AFTER
    }

    static Stream<Arguments> changes() {
        return Arrays.stream(Kind.values()).flatMap(
                kind -> Arrays.stream(Moment.values()).map(moment -> Arguments.of(kind, moment)));
    }

    private void at(Moment moment, Runnable act) {
        if (moment == Moment.BEFORE) {
            disk.beforeNextWrite(act);
        } else {
            disk.afterNextWrite(act);
        }
    }

    private static final FaultRequest MORE = of(new Effect.Step(3 * SECOND));

    /** The faults "other" and those of the test are there. */
    private Optional<String> make(Kind kind) throws DeviceException {
        DeviceChanges changes = host.changes().by("alice");
        return switch (kind) {
            case LABEL -> none(changes.label("vm0", DeviceVersion.ANY, Map.of("team", "payments")));
            case COUNTER ->
                none(changes.giveCounter("vm0", DeviceVersion.ANY, Optional.of(new CounterMapping(1, 1, 0))));
            case INJECT -> Optional.of(changes.inject("vm0", DeviceVersion.ANY, Optional.empty(), MORE).injected()
                    .fault().id());
            case REPLACE -> Optional.of(changes.inject("vm0", DeviceVersion.ANY, Optional.of("other"), MORE).injected()
                    .fault().id());
            case REVERT -> none(changes.revert("vm0", DeviceVersion.ANY, fault -> fault.id().equals("other")));
        };
    }

    private static Optional<String> none(Changed change) {
        assertEquals(Optional.empty(), change.unkept());
        return Optional.empty();
    }

    private void assertMade(Kind kind, Optional<String> id) throws Exception {
        DeviceStatus status = host.status("vm0");
        switch (kind) {
            case LABEL -> assertEquals(Map.of("team", "payments"), status.spec().labels());
            case COUNTER -> assertEquals(1, status.spec().counter().orElseThrow().offset());
            case INJECT, REPLACE -> assertEquals(MORE.effect(), fault(id.orElseThrow()).orElseThrow().effect());
            case REVERT -> assertEquals(Optional.empty(), fault("other"));
        }
    }

    private Optional<Fault> fault(String id) {
        return host.faults("vm0").orElseThrow().find(id);
    }

    private void inject(String id, FaultRequest request) throws DeviceException {
        host.changes().inject("vm0", DeviceVersion.ANY, Optional.of(id), request);
    }

    private Instant in(long ns) {
        return Instant.EPOCH.plusNanos(clock.realtimeNs() + ns);
    }

    private long servedNs() throws Exception {
        return host.status("vm0").clocks().getFirst().reading().servedNs();
    }

    private static void await(BooleanSupplier condition, String what) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < endNs, what);
            Thread.onSpinWait();
        }
    }

    private long count(DeviceEvent.Type type, String fault) {
        return events.stream().filter(event -> event.type() == type && event.fault().equals(Optional.of(fault)))
                .count();
    }

    /** What is on disk comes to be what is in memory. */
    private void awaitKept() {
        await(() -> {
            try {
                List<Fault> kept = KeptFiles.read(Files.readAllBytes(directory.resolve("state/vm0.json"))).faults();
                return kept.equals(host.faults("vm0").orElseThrow().list());
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }, "the disk has other faults than the device");
    }

    @ParameterizedTest
    @MethodSource("changes")
    void aFaultThatBeginsMeanwhileBeginsOnce(Kind kind, Moment moment) throws Exception {
        inject("other", of(new Effect.Step(SECOND)));
        inject("later", from(in(10 * SECOND), of(new Effect.Freeze())));
        long frozenNs = clock.realtimeNs() + 10 * SECOND + (kind == Kind.REVERT ? 0 : SECOND);
        at(moment, () -> {
            clock.advance(10 * SECOND);
            await(() -> fault("later").orElseThrow().isActive(), "it does not begin");
            clock.advance(2 * SECOND);
        });
        long startNs = clock.boottimeNs() + 10 * SECOND;

        Optional<String> id = make(kind);

        assertMade(kind, id);
        assertNotEquals(Optional.of("later"), id);
        clock.advance(SECOND);
        assertEquals(frozenNs + (id.isPresent() ? 3 * SECOND : 0), servedNs(), "frozen when it was to, and only then");
        assertEquals(startNs, fault("later").orElseThrow().startNs());
        await(() -> count(DeviceEvent.Type.FAULT_BEGUN, "later") == 1, "no event");
        awaitKept();
        assertEquals(1, count(DeviceEvent.Type.FAULT_BEGUN, "later"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void aFaultThatEndsMeanwhileStaysAway(Kind kind, Moment moment) throws Exception {
        inject("other", of(new Effect.Step(SECOND)));
        inject("short", lasting(10 * SECOND, of(new Effect.Step(7 * SECOND))));
        at(moment, () -> {
            clock.advance(10 * SECOND);
            await(() -> fault("short").isEmpty(), "it does not end");
        });

        Optional<String> id = make(kind);

        assertMade(kind, id);
        assertEquals(Optional.empty(), fault("short"));
        long offsetNs = switch (kind) {
            case LABEL, COUNTER -> SECOND;
            case INJECT -> 4 * SECOND;
            case REPLACE -> 3 * SECOND;
            case REVERT -> 0;
        };
        assertEquals(clock.realtimeNs() + offsetNs, servedNs());
        await(() -> count(DeviceEvent.Type.FAULT_ENDED, "short") == 1, "no event");
        awaitKept();
        assertEquals(0, count(DeviceEvent.Type.FAULT_REVERTED, "short"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void aFaultThatBeginsAndEndsMeanwhileDoesSoOnce(Kind kind, Moment moment) throws Exception {
        inject("other", of(new Effect.Step(SECOND)));
        inject("brief", from(in(10 * SECOND), lasting(5 * SECOND, of(new Effect.Step(7 * SECOND)))));
        at(moment, () -> {
            clock.advance(10 * SECOND);
            await(() -> fault("brief").orElseThrow().isActive(), "it does not begin");
            clock.advance(5 * SECOND);
            await(() -> fault("brief").isEmpty(), "it does not end");
        });

        assertMade(kind, make(kind));

        assertEquals(Optional.empty(), fault("brief"));
        await(() -> count(DeviceEvent.Type.FAULT_ENDED, "brief") == 1, "no event");
        awaitKept();
        assertEquals(1, count(DeviceEvent.Type.FAULT_BEGUN, "brief"));
        assertEquals(1, count(DeviceEvent.Type.FAULT_ENDED, "brief"));
    }

    /** True time waits neither for a disk nor for another change. */
    @ParameterizedTest
    @EnumSource(Moment.class)
    void faultsAreRevertedWhileAnotherChangeIsWritten(Moment moment) throws Exception {
        inject("other", of(new Effect.Step(SECOND)));
        var reverters = new CopyOnWriteArrayList<Thread>();
        at(moment, () -> {
            reverters.add(Thread.startVirtualThread(() -> {
                try {
                    host.changes().by("bob").revert("vm0", DeviceVersion.ANY, _ -> true);
                } catch (DeviceException e) {
                    throw new AssertionError(e);
                }
            }));
            await(() -> fault("other").isEmpty(), "it is not reverted at once");
        });

        String id = make(Kind.INJECT).orElseThrow();

        reverters.getFirst().join();
        assertEquals(List.of(id), host.faults("vm0").orElseThrow().list().stream().map(Fault::id).toList());
        assertEquals(clock.realtimeNs() + 3 * SECOND, servedNs());
        awaitKept();
        DeviceEvent event = events.stream().filter(told -> told.type() == DeviceEvent.Type.FAULT_REVERTED).findFirst()
                .orElseThrow();
        assertEquals(Optional.of("bob"), event.change().actor());
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void aFaultThatIsOverBeforeItsAnswerIsAnsweredAsItWasAskedFor(Moment moment) throws Exception {
        assertAnswered(moment, lasting(1_000, of(new Effect.Step(SECOND))));
        assertAnswered(moment, from(in(5_000_000), lasting(1_000, of(new Effect.Step(SECOND)))));
    }

    private void assertAnswered(Moment moment, FaultRequest request) throws Exception {
        at(moment, () -> clock.advance(50_000_000));
        var injected = host.changes().inject("vm0", DeviceVersion.ANY, Optional.empty(), request);

        assertEquals(request.effect(), injected.injected().fault().effect());
        assertEquals(request.duration(), injected.injected().fault().duration());
        clock.advance(1_000);
        await(() -> fault(injected.injected().fault().id()).isEmpty(), "it does not end");
    }

    @Test
    void aFullDiskRefusesWhatAddsAFaultAndRestoresTrueTime() throws Exception {
        inject("other", of(new Effect.Step(SECOND)));
        disk.setFull(true);

        var refusal = assertThrows(DeviceException.class, () -> inject("more", MORE));
        assertEquals(Reason.FAILED, refusal.reason());
        assertTrue(refusal.getMessage().endsWith("No space left on device; nothing was changed"), refusal::getMessage);
        assertEquals(clock.realtimeNs() + SECOND, servedNs());

        Changed reverted = host.changes().revert("vm0", DeviceVersion.ANY, fault -> fault.id().equals("other"));
        assertEquals(clock.realtimeNs(), servedNs());
        assertTrue(reverted.unkept().orElseThrow().endsWith("No space left on device"));
        assertEquals(List.of("vm0"), List.copyOf(host.unkept().keySet()));
        assertTrue(host.failedWrites() >= 2);

        disk.setFull(false);
        awaitKept();
        await(() -> host.unkept().isEmpty(), "it still counts as unwritten");
    }

    @Test
    void aStaleVersionExpiresNoAlarm() throws Exception {
        DeviceVersion stale = host.status("vm0").version();
        inject("other", of(new Effect.Step(SECOND)));
        assertEquals(Reason.CHANGED, assertThrows(DeviceException.class,
                () -> host.changes().expire("vm0", stale::equals, 0)).reason());
    }

    @Test
    void eventsSayWhoChangedWhatFromWhatToWhat() throws Exception {
        host.changes().by("alice").inject("vm0", DeviceVersion.ANY, Optional.of("offset"), of(new Effect.Step(SECOND)));
        host.changes().by("bob").inject("vm0", DeviceVersion.ANY, Optional.of("offset"), MORE);
        host.changes().by("carol").revert("vm0", DeviceVersion.ANY, _ -> true);
        host.remove("vm0", DeviceVersion.ANY, false, Optional.of("dave"));
        await(() -> events.size() == 4, "events are missing: " + events);

        List<DeviceEvent.Change> changes = events.stream().map(DeviceEvent::change).toList();
        assertEquals(List.of(Optional.of("alice"), Optional.of("bob"), Optional.of("carol"), Optional.of("dave")),
                changes.stream().map(DeviceEvent.Change::actor).toList());
        assertEquals(Optional.empty(), changes.get(0).from());
        assertEquals(changes.get(0).to(), changes.get(1).from());
        assertEquals(changes.get(1).to(), changes.get(2).from());
        assertEquals(Optional.empty(), changes.get(2).to());
        assertTrue(changes.get(1).to().orElseThrow().startsWith("step, offset PT3S"), changes::toString);
        assertTrue(events.get(2).detail().startsWith("reverted by carol: step, offset PT3S"), events::toString);
    }
}
