package io.clocktower.device;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.event.EventQueue;
import io.clocktower.fault.FaultRequest;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceState;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is told of a device as an operator, time and a front-end change it. */
class EventsIT {

    private static final long SECOND = 1_000_000_000L;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final EventQueue told = new EventQueue(10_000, event -> true);
    private Devices devices;
    private DeviceHost host;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
        host = devices.host();
        host.events().subscribe(told);
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    private DeviceEvent next() throws InterruptedException {
        return told.poll(PATIENCE).orElseThrow(() -> new AssertionError("nothing more is told")).event();
    }

    private DeviceEvent next(Type type) throws InterruptedException {
        DeviceEvent event = next();
        assertEquals(type, event.type(), event::toString);
        assertEquals("vm0", event.device());
        return event;
    }

    private void assertNothingMore() throws Exception {
        devices.status("vm0");
        assertEquals(Optional.empty(), told.poll(Duration.ZERO));
    }

    private void inject(String id, Effect effect, Duration delay, Duration duration) throws DeviceException {
        Instant now = Instant.EPOCH.plusNanos(devices.clock().realtimeNs());
        host.changes().inject("vm0", DeviceVersion.ANY, Optional.of(id), new FaultRequest(Optional.empty(), effect,
                Optional.ofNullable(delay).map(now::plus), Optional.ofNullable(duration), "alice", "rehearsing"));
    }

    @Test
    void aFaultThatAnOperatorInjectsAndReverts() throws Exception {
        inject("f", new Effect.Step(-5 * SECOND), null, null);
        DeviceEvent injected = next(Type.FAULT_INJECTED);
        assertEquals(Optional.of("f"), injected.fault());
        assertEquals("step, offset -PT5S, by alice: rehearsing", injected.detail());
        assertEquals(Instant.parse("2026-11-22T12:00:00Z"), injected.time());

        host.changes().revert("vm0", DeviceVersion.ANY, fault -> true);
        DeviceEvent reverted = next(Type.FAULT_REVERTED);
        assertEquals(Optional.of("f"), reverted.fault());
        assertTrue(reverted.id() > injected.id());
        assertNothingMore();
    }

    @Test
    void aFaultThatTakesThePlaceOfAnotherIsInjected() throws Exception {
        inject("f", new Effect.Step(1), null, null);
        next(Type.FAULT_INJECTED);
        inject("f", new Effect.Step(2), null, null);
        assertEquals("step, offset PT0.000000002S, by alice: rehearsing", next(Type.FAULT_INJECTED).detail());
        assertNothingMore();
    }

    @Test
    void aFaultThatAnOperatorChangesPausesAndResumes() throws Exception {
        inject("f", new Effect.Step(1), null, Duration.ofSeconds(20));
        next(Type.FAULT_INJECTED);
        var bob = host.changes().by("bob");

        bob.changeFault("vm0", DeviceVersion.ANY, "f", Optional.of(Duration.ofSeconds(30)), Optional.empty());
        DeviceEvent longer = next(Type.FAULT_CHANGED);
        assertEquals(Optional.of("bob"), longer.change().actor());
        assertTrue(longer.change().from().orElse("").contains("for PT20S"), longer::toString);
        assertTrue(longer.change().to().orElse("").contains("for PT30S"), longer::toString);

        devices.clock().advance(10 * SECOND);
        bob.pause("vm0", DeviceVersion.ANY, "f");
        assertTrue(next(Type.FAULT_CHANGED).detail().contains("paused at 2026-11-22T12:00:10Z, for PT20S"));
        devices.clock().advance(100 * SECOND);
        assertNothingMore();

        bob.resume("vm0", DeviceVersion.ANY, "f");
        assertEquals("step, offset PT0.000000001S, for PT20S, by alice: rehearsing",
                next(Type.FAULT_CHANGED).detail());
        devices.clock().advance(20 * SECOND);
        next(Type.FAULT_ENDED);
        assertNothingMore();
    }

    @Test
    void theHostsClockIsStepped() throws Exception {
        host.watchHostClock();
        devices.clock().set(devices.clock().realtimeNs() - 3_600 * SECOND);

        DeviceEvent stepped = next();
        assertEquals(Type.HOST_CLOCK_STEPPED, stepped.type());
        assertEquals("", stepped.device());
        assertEquals("the host's clock was stepped by -1h", stepped.detail());
        assertEquals(Optional.of("PT-1H"), stepped.change().to());
        assertEquals(1, host.clockWatch().count());
        assertEquals(-3_600 * SECOND, host.clockWatch().lastStepNs());
    }

    @Test
    void aFaultThatTimeBeginsAndEnds() throws Exception {
        inject("f", new Effect.Drift(1_000), Duration.ofSeconds(10), Duration.ofSeconds(20));
        assertEquals("drift, ratePpb 1000, from 2026-11-22T12:00:10Z, for PT20S, by alice: rehearsing",
                next(Type.FAULT_INJECTED).detail());
        assertNothingMore();

        devices.clock().advance(10 * SECOND);
        assertEquals("drift, ratePpb 1000, for PT20S, by alice: rehearsing", next(Type.FAULT_BEGUN).detail());

        devices.clock().advance(20 * SECOND);
        DeviceEvent ended = next(Type.FAULT_ENDED);
        assertEquals(Instant.parse("2026-11-22T12:00:30Z"), ended.time());
        assertNothingMore();
    }

    /** The loop hears of the end of a fault only as it makes another change, say. */
    @Test
    void aFaultThatEndsAsAnOperatorChangesOthersWasNotReverted() throws Exception {
        inject("short", new Effect.Step(1), null, Duration.ofSeconds(1));
        inject("later", new Effect.Step(2), Duration.ofSeconds(1), null);
        next(Type.FAULT_INJECTED);
        next(Type.FAULT_INJECTED);

        devices.clock().advance(SECOND);
        inject("more", new Effect.Step(3), null, null);

        Map<String, Type> types = new java.util.HashMap<>();
        for (int i = 0; i < 3; i++) {
            DeviceEvent event = next();
            types.put(event.fault().orElseThrow(), event.type());
        }
        assertEquals(Map.of("short", Type.FAULT_ENDED, "later", Type.FAULT_BEGUN, "more", Type.FAULT_INJECTED), types);
        assertNothingMore();
    }

    @Test
    void everyEffectIsReadable() throws Exception {
        Map<Effect, String> texts = Map.of(new Effect.SetTime(1_000_000_000L * SECOND),
                "set, time 2001-09-09T01:46:40Z",
                new Effect.Slew(SECOND, 500), "slew, offset PT1S, ratePpb 500",
                new Effect.Freeze(), "freeze",
                new Effect.Jitter(SECOND, 2 * SECOND, 7), "jitter, range PT1S, interval PT2S, seed 7",
                new Effect.Strobe(-SECOND, 2 * SECOND), "strobe, delta -PT1S, period PT2S",
                new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1), "leap-second, month 2026-12, change insert");
        for (Map.Entry<Effect, String> text : texts.entrySet()) {
            inject("f", text.getKey(), null, null);
            assertEquals(text.getValue() + ", by alice: rehearsing", next(Type.FAULT_INJECTED).detail());
            host.changes().revert("vm0", DeviceVersion.ANY, fault -> true);
            next(Type.FAULT_REVERTED);
        }
    }

    @Test
    void frontEndsComeAndGo() throws Exception {
        var frontEnd = new FrontEnd(devices.socket("vm0"));
        assertTrue(next(Type.CONNECTED).detail().matches("front-end of pid %d, uid \\d+ connected"
                .formatted(ProcessHandle.current().pid())));
        frontEnd.close();
        assertTrue(next(Type.DISCONNECTED).detail().endsWith(" disconnected"));
        assertNothingMore();
    }

    @Test
    void aFrontEndThatComesAndGoesOnAndOnIsToldTenTimesASecond() throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < 30; i++) {
            new FrontEnd(devices.socket("vm0")).close();
            int times = i + 1;
            devices.await("vm0",
                    status -> status.connectionsAccepted() == times && status.state() == DeviceState.WAITING);
        }
        long seconds = (System.nanoTime() - start) / SECOND;

        assertTrue(told.size() <= 10 * (seconds + 1), () -> told.size() + " in " + seconds + " s");
    }

    @Test
    void devicesAreMadeAndRemoved() throws Exception {
        host.create(new DeviceSpec("vm1", devices.socket("vm1"), ClockSpec.DEFAULTS, Optional.empty(), Duration.ZERO,
                Map.of("team", "payments")));
        DeviceEvent made = next();
        assertEquals(Type.DEVICE_CREATED, made.type());
        assertEquals("created, listens at " + devices.socket("vm1"), made.detail());
        assertEquals(Map.of("team", "payments"), made.labels());

        host.remove("vm1", DeviceVersion.ANY, false);
        DeviceEvent removed = next();
        assertEquals(Type.DEVICE_REMOVED, removed.type());
        assertEquals("vm1", removed.device());
        assertEquals(Map.of("team", "payments"), removed.labels());
    }

    @Test
    void aDeviceThatCannotBeMadeIsNotTold() throws Exception {
        assertThrows(DeviceException.class, () -> host.create(new DeviceSpec("vm0", devices.socket("x"),
                List.copyOf(ClockSpec.DEFAULTS), Optional.empty(), Duration.ZERO, Map.of())));
        assertNothingMore();
    }

    @Test
    void anOperatorsExpirationIsTold() throws Exception {
        try (Guest guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0)) {
            next(Type.CONNECTED);
            assertThrows(DeviceException.class, () -> host.changes().expire("vm0", DeviceVersion.ANY, 0));
            assertEquals(OK, guest.request(setAlarm(0, Long.MAX_VALUE, 1), 8).status());
            next(Type.ALARM_SET);
            host.changes().expire("vm0", DeviceVersion.ANY, 0);

            assertEquals(Optional.of(0), next(Type.ALARM_FORCED).clock());
            assertNothingMore();
        }
    }

    @Test
    void aGuestsAlarmIsTold() throws Exception {
        try (Guest guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                Alarmq alarmq = new Alarmq(guest)) {
            next(Type.CONNECTED);
            long now = guest.request(ofClock(READ, 0), 16).le64(8);
            assertEquals(OK, guest.request(setAlarm(0, now + SECOND, 1), 8).status());
            assertEquals(Optional.of(0), next(Type.ALARM_SET).clock());

            devices.clock().advance(SECOND);
            DeviceEvent expired = next(Type.ALARM_EXPIRED);
            assertEquals(Optional.of(0), expired.clock());
            assertEquals(Instant.parse("2026-11-22T12:00:01Z"), expired.time());
            alarmq.makeAvailable();
            assertEquals(Optional.of(0), next(Type.ALARM_DELIVERED).clock());
            assertNothingMore();
        }
    }
}
