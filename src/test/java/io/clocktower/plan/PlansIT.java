package io.clocktower.plan;

import static io.clocktower.plan.Steps.ALL;
import static io.clocktower.plan.Steps.MINUTE;
import static io.clocktower.plan.Steps.fault;
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
import io.clocktower.plan.PlanException.Reason;
import io.clocktower.plan.PlanStatus.Counts;
import io.clocktower.plan.PlanStatus.ItemState;
import io.clocktower.plan.PlanStatus.ItemStatus;
import io.clocktower.spec.DeviceVersion;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans over devices in this process, whose time the test moves. */
class PlansIT {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private Devices devices;
    /** Does at once what it is given. */
    private Plans plans;

    @BeforeEach
    void open() throws Exception {
        devices = new Devices("vm0", "vm1", "vm2");
        for (String name : List.of("vm0", "vm1", "vm2")) {
            devices.host().changes().label(name, DeviceVersion.ANY, Map.of("team", "payments"));
        }
        plans = new Plans(devices.host(), PlanObserver.NONE, Runnable::run, (_, _) -> {});
    }

    @AfterEach
    void close() throws Exception {
        plans.close();
        devices.close();
    }

    private PlanStatus start(Step... steps) throws Exception {
        return start(plans, steps);
    }

    private static PlanStatus start(Plans plans, Step... steps) throws Exception {
        var plan = new Plan("rehearsal", 42, List.of(steps));
        return plans.start(plan, plans.schedule(plan), "alice");
    }

    private void advance(Duration duration) {
        devices.clock().advance(duration.toNanos());
        plans.runDue();
    }

    private List<ItemState> states(String id) throws Exception {
        return plans.get(id).items().stream().map(ItemStatus::state).toList();
    }

    private List<Fault> faults(String device) {
        return devices.host().faults(device).orElseThrow().list();
    }

    private Duration offsetOf(String device) throws Exception {
        BigInteger ns = devices.status(device).clocks().getFirst().reading().offsetNs().orElseThrow();
        return Duration.ofNanos(ns.longValueExact());
    }

    @Test
    void itemsAreDoneWhenTheyAreDueAndNotBefore() throws Exception {
        String id = start(step(SECOND, named("vm0"), offset(MINUTE)),
                step(SECOND.multipliedBy(3), labelled("team=payments"), offset(SECOND))).id();

        assertEquals(SECOND.toNanos(), plans.runDue());
        advance(SECOND.minusNanos(1));
        assertEquals(1, plans.runDue());
        assertEquals(List.of(), faults("vm0"));
        advance(Duration.ofNanos(1));
        assertEquals(MINUTE, offsetOf("vm0"));
        assertEquals(ZERO, offsetOf("vm1"));
        assertEquals(new Counts(4, 3, 1, 0, 0, 0, 0, 1), plans.get(id).counts());
        assertEquals(SECOND.multipliedBy(2).toNanos(), plans.runDue());

        advance(SECOND.multipliedBy(2));
        assertEquals(MINUTE.plus(SECOND), offsetOf("vm0"));
        assertEquals(SECOND, offsetOf("vm1"));
        assertEquals(SECOND, offsetOf("vm2"));
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        assertEquals(new Counts(4, 0, 4, 0, 0, 0, 0, 4), plans.get(id).counts());
        assertEquals(Long.MAX_VALUE, plans.runDue());
    }

    @Test
    void faultsOfACompletedPlanEndByThemselves() throws Exception {
        String id = start(step(ZERO, labelled("team=payments"), offset(MINUTE))).id();
        advance(ZERO);
        assertEquals(new Counts(3, 0, 3, 0, 0, 0, 0, 3), plans.get(id).counts());

        advance(MINUTE.minusNanos(1));
        assertEquals(3, plans.get(id).counts().active());
        advance(Duration.ofNanos(1));
        assertEquals(new Counts(3, 0, 3, 0, 0, 0, 0, 0), plans.get(id).counts());
        assertFalse(plans.get(id).items().getFirst().isActive());
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        devices.await("vm0", status -> status.faults().isEmpty());
    }

    @Test
    void aFaultSaysWhoseItIsAndWhy() throws Exception {
        var why = new FaultRequest(Optional.of(0), new Effect.Step(1), Optional.empty(), Optional.empty(), "alice",
                "bob", "CHG-1");
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(ZERO, named("vm1"), why)).id();
        advance(ZERO);

        Fault first = faults("vm0").getFirst();
        assertEquals("alice", first.author());
        assertEquals(Optional.of("p1"), Fault.planOf(first.id()));
        assertEquals("rehearsal", first.reason());
        assertEquals(Optional.of(first.id()), plans.get(id).items().getFirst().fault());
        Fault second = faults("vm1").getFirst();
        assertEquals("alice", second.author());
        assertEquals("bob", second.onBehalfOf());
        assertEquals("CHG-1", second.reason());
    }

    @Test
    void aDeviceThatIsGoneFailsItsItemsAndNoOther() throws Exception {
        String id = start(step(SECOND, labelled("team=payments"), offset(MINUTE)),
                step(SECOND.multipliedBy(2), named("vm2"), offset(MINUTE))).id();
        devices.host().remove("vm1", DeviceVersion.ANY, false);
        advance(SECOND);
        advance(SECOND);

        assertEquals(List.of(ItemState.INJECTED, ItemState.FAILED, ItemState.INJECTED, ItemState.INJECTED), states(id));
        assertEquals(Optional.of("There is no device vm1."), plans.get(id).items().get(1).reason());
        assertEquals(PlanState.COMPLETED, plans.get(id).state());
        assertEquals(new Counts(4, 0, 3, 1, 0, 0, 0, 3), plans.get(id).counts());
        assertEquals(new Counts(4, 0, 0, 1, 3, 0, 0, 0), plans.stop(id, "bob").counts());
    }

    @Test
    void whatADeviceRefusesFailsAndThePlanGoesOn() throws Exception {
        Step[] steps = new Step[34];
        Arrays.setAll(steps, i -> step(SECOND, named(i == 33 ? "vm1" : "vm0"), offset(SECOND)));
        String id = start(steps).id();
        advance(SECOND);

        assertEquals(new Counts(34, 0, 33, 1, 0, 0, 0, 33), plans.get(id).counts());
        assertEquals(ItemState.FAILED, plans.get(id).items().get(32).state());
        assertEquals(Optional.of("the device has 32 faults already, the maximum is 32"),
                plans.get(id).items().get(32).reason());
    }

    @Test
    void stoppedItDoesNothingMoreAndRevertsItsOwnFaultsAlone() throws Exception {
        devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.empty(), offset(Duration.ofHours(1)));
        String other = start(step(ZERO, named("vm0"), offset(Duration.ofMinutes(5)))).id();
        String id = start(step(ZERO, labelled("team=payments"), offset(MINUTE)),
                step(SECOND, labelled("team=payments"), offset(MINUTE))).id();
        advance(ZERO);
        assertEquals(Duration.ofMinutes(66), offsetOf("vm0"));

        PlanStatus stopped = plans.stop(id, "bob");
        assertEquals(PlanState.STOPPED, stopped.state());
        assertEquals(new Counts(6, 0, 0, 0, 3, 3, 0, 0), stopped.counts());
        assertEquals(Duration.ofMinutes(65), offsetOf("vm0"));
        assertEquals(ZERO, offsetOf("vm1"));

        advance(SECOND);
        assertEquals(ZERO, offsetOf("vm1"));
        assertEquals(stopped, plans.stop(id, "bob"));
        assertEquals(new Counts(1, 0, 1, 0, 0, 0, 0, 1), plans.get(other).counts());
    }

    @Test
    void stoppedAfterItsEndItRevertsWhatIsStillThere() throws Exception {
        String id = start(step(ZERO, named("vm0", "vm1"), offset(MINUTE))).id();
        advance(ZERO);
        String gone = plans.get(id).items().getFirst().fault().orElseThrow();
        devices.host().changes().revert("vm0", DeviceVersion.ANY, fault -> fault.id().equals(gone));
        assertEquals(1, plans.get(id).counts().active());

        PlanStatus stopped = plans.stop(id, "bob");
        assertEquals(PlanState.COMPLETED, stopped.state());
        assertEquals(List.of(ItemState.INJECTED, ItemState.REVERTED), states(id));
        assertEquals(ZERO, offsetOf("vm1"));
    }

    /** The device's loop is still at it as the plan is stopped. */
    @Test
    void whatIsBeingInjectedAsItIsStoppedIsRevertedToo() throws Exception {
        CountDownLatch release = devices.hold();
        try (var threaded = new Plans(devices.host(), PlanObserver.NONE, Thread::startVirtualThread, (_, _) -> {})) {
            String id = start(threaded, step(ZERO, named("vm0"), offset(MINUTE)),
                    step(ZERO, named("vm0"), offset(MINUTE))).id();
            threaded.runDue();
            devices.awaitCommand();
            Thread stopper = stopElsewhere(threaded, id);
            release.countDown();
            stopper.join();

            assertEquals(List.of(), faults("vm0"));
            assertEquals(new Counts(2, 0, 0, 0, 1, 1, 0, 0), threaded.get(id).counts());
        }
    }

    /** Stops a plan by a thread that waits for what that takes; it is stopped, if not yet reverted, on return. */
    private static Thread stopElsewhere(Plans plans, String id) throws Exception {
        Thread stopper = Thread.startVirtualThread(() -> {
            try {
                plans.stop(id, "bob");
            } catch (PlanException e) {
                throw new AssertionError(e);
            }
        });
        while (plans.get(id).state() == PlanState.RUNNING) {
            Thread.onSpinWait();
        }
        return stopper;
    }

    /** The loop answers late that it has the fault, so the item has failed; the fault is the plan's all the same. */
    @Test
    void aFaultThatIsNotKnownToBeThereIsRevertedToo(@TempDir Path directory) throws Exception {
        try (var kept = Devices.kept(directory, new ManualHostClock(), "a boot");
                var late = new Plans(kept.host(), PlanObserver.NONE, Runnable::run, (_, _) -> {})) {
            kept.host().create(kept.spec("vm0", ClockSpec.DEFAULTS, Devices.POLL_WINDOW));
            var release = new CompletableFuture<CountDownLatch>();
            kept.disk().afterNextWrite(() -> release.complete(kept.hold()));
            String id = start(late, step(ZERO, named("vm0"), offset(MINUTE)),
                    step(SECOND, named("vm0"), offset(MINUTE)))
                    .id();
            late.runDue();
            ItemStatus failed = late.get(id).items().getFirst();
            assertEquals(ItemState.FAILED, failed.state());
            assertTrue(failed.reason().orElseThrow().contains("did not answer"));
            release.join().countDown();
            kept.await("vm0", status -> !status.faults().isEmpty());
            assertEquals(1, late.get(id).counts().active());

            assertEquals(new Counts(2, 0, 0, 0, 1, 1, 0, 0), late.stop(id, "bob").counts());
            assertEquals(List.of(), kept.host().faults("vm0").orElseThrow().list());
        }
    }

    @Test
    void whatCouldNotBeRevertedIsToldAndTriedAgain() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(SECOND, named("vm0"), offset(MINUTE))).id();
        advance(ZERO);
        CountDownLatch release = devices.hold();
        assertEquals(Reason.UNAVAILABLE, assertThrows(PlanException.class, () -> plans.forget(id, "bob")).reason());
        release.countDown();
        assertEquals(PlanState.STOPPED, plans.get(id).state());
        assertTrue(plans.get(id).items().getFirst().reason().orElseThrow().startsWith("not reverted: device vm0"));

        assertEquals(new Counts(2, 0, 0, 0, 1, 1, 0, 0), plans.stop(id, "bob").counts());
        assertEquals(Optional.empty(), plans.get(id).items().getFirst().reason());
        assertEquals(ZERO, offsetOf("vm0"));
        plans.forget(id, "bob");
    }

    @Test
    void whatWaitsAsItIsStoppedIsNotBegun() throws Exception {
        Queue<Runnable> tasks = new ArrayDeque<>();
        var slow = new Plans(devices.host(), PlanObserver.NONE, tasks::add, (_, _) -> {});
        String id = start(slow, step(ZERO, named("vm0"), offset(MINUTE))).id();
        slow.runDue();
        Thread stopper = stopElsewhere(slow, id);
        tasks.remove().run();
        stopper.join();

        assertEquals(List.of(), faults("vm0"));
        assertEquals(new Counts(1, 0, 0, 0, 0, 1, 0, 0), slow.get(id).counts());
    }

    @Test
    void aForgottenPlanIsStoppedFirst() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(SECOND, named("vm0"), offset(MINUTE))).id();
        advance(ZERO);
        plans.forget(id, "bob");

        assertEquals(List.of(), faults("vm0"));
        assertEquals(Reason.NOT_FOUND, assertThrows(PlanException.class, () -> plans.get(id)).reason());
        assertEquals(Reason.NOT_FOUND, assertThrows(PlanException.class, () -> plans.forget(id, "bob")).reason());
        assertEquals("p2", start(step(ZERO, named("vm0"), offset(MINUTE))).id());
    }

    @Test
    void whatCanNeverBeIsRefusedBeforeAnythingBegins() throws Exception {
        var backwards = new FaultRequest(Optional.of(2), new Effect.Step(-1), Optional.empty(), Optional.empty(),
                "alice", "");
        var tooFar = fault(new Effect.Step(Long.MIN_VALUE));
        for (FaultRequest bad : List.of(backwards, tooFar)) {
            var plan = new Plan("", 1, List.of(step(ZERO, named("vm0"), offset(MINUTE)),
                    step(SECOND, named("vm1"), bad)));
            var refusal = assertThrows(PlanException.class, () -> plans.schedule(plan));

            assertEquals(Reason.IMPOSSIBLE, refusal.reason());
            assertTrue(refusal.getMessage().startsWith("steps[1].fault."), refusal::getMessage);
            assertTrue(refusal.getMessage().endsWith(" (device vm1)"), refusal::getMessage);
        }
        assertEquals(List.of(), plans.list());
        assertEquals(List.of(), faults("vm0"));
    }

    @Test
    void devicesThatComeLaterAreNotIncluded() throws Exception {
        String id = start(step(SECOND, labelled("team=payments"), offset(MINUTE))).id();
        devices.create("vm3", ClockSpec.DEFAULTS, ZERO);
        devices.host().changes().label("vm3", DeviceVersion.ANY, Map.of("team", "payments"));
        advance(SECOND);

        assertEquals(3, plans.get(id).counts().injected());
        assertEquals(List.of(), faults("vm3"));
    }

    @Test
    void sixteenRunAtOnceAndAHundredAreKept() throws Exception {
        var later = step(SECOND, named("vm0"), offset(Duration.ofNanos(1)));
        for (int i = 0; i < Plans.MAX_RUNNING; i++) {
            start(later);
        }
        assertEquals(Reason.CONFLICT, assertThrows(PlanException.class, () -> start(later)).reason());

        for (int i = 1; i <= 110; i++) {
            plans.stop("p" + i, "bob");
            start(later);
        }
        assertEquals(Plans.MAX_ENDED + Plans.MAX_RUNNING, plans.list().size());
        assertEquals("p11", plans.list().getFirst().id());
    }

    @Test
    void closedItBeginsNothingAndLeavesWhatIsThere() throws Exception {
        String id = start(step(ZERO, named("vm0"), offset(MINUTE)), step(SECOND, named("vm0"), offset(MINUTE))).id();
        advance(ZERO);
        plans.close();
        advance(SECOND);

        assertEquals(MINUTE, offsetOf("vm0"));
        assertEquals(PlanState.RUNNING, plans.get(id).state(), "it goes on when the service is there again");
        assertEquals(new Counts(2, 1, 1, 0, 0, 0, 0, 1), plans.get(id).counts());
        assertEquals(Reason.UNAVAILABLE,
                assertThrows(PlanException.class, () -> start(step(ZERO, named("vm0"), offset(MINUTE)))).reason());
    }

    /** On threads of their own the items of a device are done in their order. */
    @Test
    void manyDevicesAreServedAtOnce() throws Exception {
        try (var threaded = new Plans(devices.host(), PlanObserver.NONE, Thread::startVirtualThread, (_, _) -> {})) {
            Step[] steps = new Step[30];
            Arrays.setAll(steps, i -> new Step(ZERO, ZERO, labelled("team=payments"), ALL,
                    offset(Duration.ofNanos(i)), false));
            String id = start(threaded, steps).id();
            threaded.runDue();
            while (threaded.get(id).state() == PlanState.RUNNING) {
                Thread.onSpinWait();
            }

            assertEquals(new Counts(90, 0, 90, 0, 0, 0, 0, 90), threaded.get(id).counts());
            assertEquals(LongStream.range(0, 30).boxed().toList(), faults("vm1").stream()
                    .map(fault -> ((Effect.Step) fault.effect()).offsetNs()).toList());
            assertEquals(new Counts(90, 0, 0, 0, 90, 0, 0, 0), threaded.stop(id, "bob").counts());
        }
    }
}
