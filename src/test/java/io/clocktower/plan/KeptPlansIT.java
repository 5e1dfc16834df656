package io.clocktower.plan;

import static io.clocktower.plan.Steps.MINUTE;
import static io.clocktower.plan.Steps.labelled;
import static io.clocktower.plan.Steps.named;
import static io.clocktower.plan.Steps.offset;
import static io.clocktower.plan.Steps.step;
import static java.time.Duration.ZERO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.device.Devices;
import io.clocktower.device.ManualHostClock;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequest;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.spec.DeviceVersion;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans that outlive their service, and plans with a schedule; the test moves the time. */
class KeptPlansIT {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    private Path directory;
    private final ManualHostClock clock = new ManualHostClock();
    private final List<Runnable> writes = new ArrayList<>();
    private Devices devices;
    private Plans plans;

    @BeforeEach
    void start() throws Exception {
        serve("a boot");
        for (String name : List.of("vm0", "vm1")) {
            devices.host().create(devices.spec(name, ClockSpec.DEFAULTS, ZERO));
            devices.host().changes().label(name, DeviceVersion.ANY, Map.of("team", "payments"));
        }
    }

    private void serve(String boot) throws Exception {
        devices = Devices.kept(directory, clock, boot);
        for (var spec : devices.host().kept()) {
            devices.host().restore(spec);
        }
        writes.clear();
        plans = new Plans(devices.host(), PlanObserver.NONE, Runnable::run, (task, _) -> writes.add(task));
        plans.restore();
    }

    @AfterEach
    void stop() throws Exception {
        plans.close();
        devices.close();
    }

    private void restart(Duration outage, String boot) throws Exception {
        stop();
        clock.advance(outage.toNanos());
        serve(boot);
        advance(ZERO);
    }

    /** The progress that is on disk, or about to be, is lost. */
    private void restartAfterKill(Duration outage) throws Exception {
        byte[] plan = Files.readAllBytes(file("p1"));
        plans.close();
        devices.close();
        Files.write(file("p1"), plan);
        clock.advance(outage.toNanos());
        serve("a boot");
        advance(ZERO);
    }

    private Path file(String id) {
        return directory.resolve("state/" + id + ".plan");
    }

    private String start(Step... steps) throws Exception {
        return start(new Plan("rehearsal", 42, List.of(steps)));
    }

    private String start(Plan plan) throws Exception {
        return plans.start(plan, plans.schedule(plan), "alice").id();
    }

    private static Recurrence hourly(Optional<Instant> until) {
        return new Recurrence("0 * * * *", ZoneOffset.UTC, until);
    }

    private void advance(Duration duration) {
        clock.advance(duration.toNanos());
        plans.runDue();
        // A run that has begun wakes the thread of the plans.
        plans.runDue();
    }

    private List<ItemState> states(String id) throws Exception {
        return plans.get(id).items().stream().map(ItemStatus::state).toList();
    }

    private List<Fault> faults(String device) {
        return devices.host().faults(device).orElseThrow().list();
    }

    private long asideCount() throws Exception {
        try (Stream<Path> files = Files.list(directory.resolve("state"))) {
            return files.filter(file -> file.toString().contains(".plan.set-aside-")).count();
        }
    }

    @Test
    void whatIsPendingIsDoneAfterARestartWhenItIsDue() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(HOUR, named("vm1"), offset(SECOND)));
        advance(ZERO);
        restart(SECOND, "a boot");

        assertEquals(List.of(ItemState.INJECTED, ItemState.PENDING), states(id));
        assertEquals("alice", plans.get(id).caller());
        assertEquals(1, plans.get(id).counts().active());
        advance(HOUR.minus(SECOND).minusNanos(1));
        assertEquals(List.of(), faults("vm1"));
        advance(Duration.ofNanos(1));
        assertEquals(List.of(ItemState.INJECTED, ItemState.INJECTED), states(id));
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        assertEquals(1, faults("vm1").size());
    }

    @Test
    void afterAnotherBootTheWallClockSaysWhenAnItemIsDue() throws Exception {
        start(step(HOUR, named("vm1"), offset(SECOND)));
        restart(SECOND, "another boot");
        advance(HOUR.minus(SECOND).minusNanos(1));
        assertEquals(List.of(), faults("vm1"));
        advance(Duration.ofNanos(1));
        assertEquals(1, faults("vm1").size());
    }

    @Test
    void whatWasDueInTheOutageIsDoneForTheRestOfItsTimeOrIsMissed() throws Exception {
        var forever = new FaultRequest(Optional.of(0), new Effect.Step(1), Optional.empty(), Optional.empty(), "alice",
                "");
        String id = start(step(SECOND, named("vm0"), offset(MINUTE)), step(HOUR, named("vm0"), offset(MINUTE)),
                step(HOUR, named("vm1"), forever));
        restart(HOUR.plusSeconds(20), "a boot");

        assertEquals(List.of(ItemState.MISSED, ItemState.INJECTED, ItemState.INJECTED), states(id));
        assertTrue(plans.get(id).items().getFirst().reason().orElseThrow().contains("not running when it was due"));
        assertEquals(1, plans.get(id).counts().missed());
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        assertEquals(Optional.of(Duration.ofSeconds(40)), faults("vm0").getFirst().duration());
        assertEquals(Optional.empty(), faults("vm1").getFirst().duration());
    }

    @Test
    void whatWasDoneJustBeforeAKillIsNotDoneAgain() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(HOUR, named("vm1"), offset(SECOND)));
        advance(ZERO);
        Fault injected = faults("vm0").getFirst();
        restartAfterKill(SECOND);

        assertEquals(List.of(ItemState.INJECTED, ItemState.PENDING), states(id));
        assertEquals(injected.id(), faults("vm0").getFirst().id());
        assertEquals(injected.end(), faults("vm0").getFirst().end());
        plans.stop(id, "bob");
        assertEquals(List.of(), faults("vm0"));
        assertEquals(List.of(ItemState.REVERTED, ItemState.CANCELLED), states(id));
    }

    @Test
    void anIdNeverComesAgainAndAForgottenPlanDoesNot() throws Exception {
        String first = start(step(HOUR, named("vm0"), offset(SECOND)));
        String second = start(step(HOUR, named("vm0"), offset(SECOND)));
        plans.forget(second, "bob");
        assertFalse(Files.exists(file(second)));
        Files.delete(directory.resolve("state/plan.number"));
        restart(ZERO, "a boot");

        assertEquals(List.of(first), plans.list().stream().map(PlanStatus::id).toList());
        assertEquals("p2", start(step(HOUR, named("vm0"), offset(SECOND))), "the number of p1 is not given twice");
    }

    @Test
    void whatCannotBeReadIsSetAsideAndTheOthersGoOn() throws Exception {
        String whole = start(step(HOUR, named("vm0"), offset(SECOND)));
        String torn = start(step(HOUR, named("vm0"), offset(SECOND)));
        plans.close();
        String text = Files.readString(file(torn));
        Files.writeString(file(torn), text.substring(0, text.length() / 2));
        Files.writeString(file("p77"), text);
        Files.writeString(file("p78"), "{\"format\":2}");
        Files.write(file("p79"), new byte[]{0, 1, 2});
        Files.writeString(file("not a name!"), "{}");
        Files.createDirectory(file("p80"));
        Files.write(directory.resolve("state/p81.plan.tmp"), "{".getBytes(StandardCharsets.UTF_8));
        restart(ZERO, "a boot");

        assertEquals(List.of(whole), plans.list().stream().map(PlanStatus::id).toList());
        assertEquals(6, asideCount());
        assertFalse(Files.exists(directory.resolve("state/p81.plan.tmp")));
        assertEquals(2, devices.host().specs().size());
    }

    @Test
    void aPlanThatCannotBeKeptIsNotStarted() throws Exception {
        devices.disk().setFull(true);
        var plan = new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE))));
        var refusal = assertThrows(PlanException.class, () -> plans.start(plan, plans.schedule(plan), "alice"));
        assertEquals(PlanException.Reason.UNAVAILABLE, refusal.reason());
        assertTrue(refusal.getMessage().contains("cannot be kept"), refusal.getMessage());
        assertEquals(List.of(), plans.list());
        devices.disk().setFull(false);
    }

    @Test
    void progressThatTheDiskRefusedIsWrittenLater() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(HOUR, named("vm1"), offset(SECOND)));
        String before = Files.readString(file(id));
        advance(ZERO);
        devices.disk().setFull(true);
        List.copyOf(writes).forEach(Runnable::run);
        assertEquals(before, Files.readString(file(id)));
        devices.disk().setFull(false);
        List.copyOf(writes).forEach(Runnable::run);
        assertTrue(Files.readString(file(id)).contains("\"INJECTED\""));
    }

    @Test
    void aPlanWithAScheduleRunsAgainWithTheDevicesOfThen() throws Exception {
        // The manual clock begins at 12:00.
        var plan = new Plan("hourly", 42, List.of(step(ZERO, labelled("team=payments"), offset(MINUTE))),
                Optional.of(hourly(Optional.empty())));
        String id = start(plan);
        Instant first = plans.get(id).runs().orElseThrow().next().orElseThrow();
        assertEquals(PlanState.WAITING, plans.get(id).state());
        assertEquals(0, plans.get(id).counts().total());
        assertEquals(List.of(id), plans.running());
        Duration wait = Duration.between(devices.host().now().wallClock(), first);
        assertEquals(wait.toNanos(), plans.runDue());

        advance(wait.minusNanos(1));
        assertEquals(List.of(), faults("vm0"));
        advance(Duration.ofNanos(1));
        assertEquals(2, plans.get(id).counts().injected());
        String fault = faults("vm0").getFirst().id();
        assertEquals(new PlanStatus.Runs(Optional.of(first.plus(HOUR)), 1, 0, Optional.empty()),
                plans.get(id).runs().orElseThrow());

        devices.host().changes().label("vm1", DeviceVersion.ANY, Map.of());
        advance(HOUR);
        assertEquals(1, plans.get(id).counts().injected());
        assertFalse(faults("vm0").getFirst().id().equals(fault), "each run has faults of its own");
        assertEquals(2, plans.get(id).runs().orElseThrow().begun());

        plans.stop(id, "bob");
        assertEquals(PlanState.STOPPED, plans.get(id).state());
        assertEquals(List.of(), faults("vm0"));
        advance(HOUR);
        assertEquals(List.of(), faults("vm0"));
        assertEquals(Long.MAX_VALUE, plans.runDue());
    }

    @Test
    void whatIsLeftOfARunIsStoppedBeforeTheNextBegins() throws Exception {
        var forever = new FaultRequest(Optional.empty(), new Effect.Step(1), Optional.empty(), Optional.empty(),
                "alice",
                "");
        String id = start(new Plan("", 1, List.of(step(ZERO, named("vm0"), forever),
                step(HOUR.multipliedBy(2), named("vm1"), forever)), Optional.of(hourly(Optional.empty()))));
        advance(HOUR);
        advance(HOUR);
        advance(HOUR);
        assertEquals(1, faults("vm0").size());
        assertEquals(List.of(), faults("vm1"), "its item is cancelled each hour");
        assertEquals(PlanState.RUNNING, plans.get(id).state());
        plans.stop(id, "bob");
        assertEquals(List.of(), faults("vm0"));
    }

    @Test
    void aRunThatCannotBeginIsSkippedAndSaysWhy() throws Exception {
        String id = start(new Plan("", 1, List.of(step(ZERO, labelled("team=payments"), offset(MINUTE))),
                Optional.of(hourly(Optional.empty()))));
        for (String name : List.of("vm0", "vm1")) {
            devices.host().changes().label(name, DeviceVersion.ANY, Map.of());
        }
        advance(HOUR);
        PlanStatus.Runs runs = plans.get(id).runs().orElseThrow();
        assertEquals(0, runs.begun());
        assertEquals(1, runs.skipped());
        assertTrue(runs.reason().orElseThrow().contains("no device has it"), runs.reason().get());
        devices.host().changes().label("vm0", DeviceVersion.ANY, Map.of("team", "payments"));
        advance(HOUR);
        assertEquals(1, faults("vm0").size());
    }

    @Test
    void theLastRunIsTheLastBeforeUntil() throws Exception {
        Instant end = devices.host().now().wallClock().plus(HOUR.plusMinutes(30));
        String id = start(new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE))),
                Optional.of(hourly(Optional.of(end)))));
        advance(HOUR);
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        assertEquals(Optional.empty(), plans.get(id).runs().orElseThrow().next());

        var late = new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE))), Optional.of(
                new Recurrence("0 0 1 1 *", ZoneOffset.UTC, Optional.of(end))));
        var refusal = assertThrows(PlanException.class, () -> start(late));
        assertEquals("until", refusal.fault().orElseThrow().field());
    }

    @Test
    void aScheduleGoesOnAfterARestartAndMakesUpForNoRun() throws Exception {
        String id = start(new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE))),
                Optional.of(hourly(Optional.empty()))));
        advance(HOUR);
        Instant next = plans.get(id).runs().orElseThrow().next().orElseThrow();
        restart(HOUR.multipliedBy(3).plusMinutes(10), "another boot");

        PlanStatus.Runs runs = plans.get(id).runs().orElseThrow();
        assertEquals(1, runs.begun());
        assertEquals(1, runs.skipped());
        assertEquals(Optional.of("the service was not running at " + next), runs.reason());
        assertEquals(List.of(), faults("vm0"));
        advance(Duration.between(devices.host().now().wallClock(), runs.next().orElseThrow()));
        assertEquals(1, faults("vm0").size());
        assertEquals(2, plans.get(id).runs().orElseThrow().begun());
    }

    @Test
    void aSuccessorTakesTheScheduleOverAsItIs() throws Exception {
        String id = start(new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE))),
                Optional.of(hourly(Optional.empty()))));
        plans.freeze();
        var successor = new Plans(devices.host(), PlanObserver.NONE, Runnable::run, (_, _) -> {});
        successor.restore(plans.kept());
        advance(HOUR);
        assertEquals(List.of(), faults("vm0"), "both rest");
        successor.thaw();
        successor.runDue();
        successor.runDue();
        assertEquals(1, faults("vm0").size(), "what was due in between is done");
        assertEquals(PlanState.WAITING, successor.get(id).state());
    }
}
