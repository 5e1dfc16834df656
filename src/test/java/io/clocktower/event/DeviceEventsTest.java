package io.clocktower.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.ManualHostClock;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.event.DeviceEvents.Resumed;
import io.clocktower.event.DeviceEvents.Subscription;
import io.clocktower.spec.DeviceSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Numbers, subscriptions, and what those are given who come back. */
class DeviceEventsTest {

    private static final long START = ManualHostClock.UTC_NS / 1_000;

    private final ManualHostClock clock = new ManualHostClock();
    private final DeviceEvents events = new DeviceEvents(clock);
    private final List<DeviceEvent> told = new ArrayList<>();

    private void publish(Type type) {
        events.publish(DeviceEvent.of(clock, type, new DeviceSpec("vm0", Path.of("/x"), List.of(), Optional.empty(),
                Duration.ZERO, Map.of("team", "payments")), "it was so"));
    }

    private static List<Long> numbers(List<DeviceEvent> events) {
        return events.stream().map(event -> event.id() - START).toList();
    }

    private Resumed resume(long after) {
        Resumed resumed = events.subscribe(told::add, START + after);
        resumed.subscription().close();
        return resumed;
    }

    @Test
    void anEventIsOfTheHostsClockAndSaysWhoseItIs() {
        clock.advance(5);
        events.subscribe(told::add);
        publish(Type.FAULT_INJECTED);

        assertEquals(List.of(new DeviceEvent(START + 1, Instant.parse("2026-11-22T12:00:00.000000005Z"),
                Type.FAULT_INJECTED, "vm0", Optional.empty(), Optional.empty(), DeviceEvent.Change.NONE,
                Map.of("team", "payments"),
                "it was so")), told);
        assertEquals("{\"id\":1795348800000001,\"time\":\"2026-11-22T12:00:00.000000005Z\",\"type\":\"fault-injected\","
                + "\"device\":\"vm0\",\"detail\":\"it was so\",\"labels\":{\"team\":\"payments\"}}",
                EventJson.write(told.getFirst()));
    }

    @Test
    void numbersRiseWhetherAnybodyListensOrNot() {
        publish(Type.CONNECTED);
        assertFalse(events.isHeard());
        Subscription subscription = events.subscribe(told::add);
        assertTrue(events.isHeard());
        publish(Type.CONNECTED);
        publish(Type.DISCONNECTED);
        subscription.close();
        assertFalse(events.isHeard());
        publish(Type.CONNECTED);

        assertEquals(List.of(2L, 3L), numbers(told));
    }

    @Test
    void aServiceThatStartsLaterGoesOnRising() {
        publish(Type.CONNECTED);
        clock.advance(1_000_000_000);
        var next = new DeviceEvents(clock);

        Resumed resumed = next.subscribe(told::add, START + 1);
        assertEquals(OptionalLong.empty(), resumed.missed());
        assertEquals(List.of(), resumed.events());
    }

    @Test
    void whoComesBackIsToldWhatHappenedMeanwhile() {
        for (int i = 0; i < 5; i++) {
            publish(i == 2 ? Type.ALARM_SET : Type.CONNECTED);
        }

        assertEquals(List.of(3L, 4L, 5L), numbers(resume(2).events()));
        assertEquals(OptionalLong.of(0), resume(2).missed());
        assertEquals(List.of(), resume(5).events());
        assertEquals(OptionalLong.empty(), resume(6).missed(), "of the future, so of another run");
        assertEquals(5, resume(6).events().size());
    }

    @Test
    void whatIsNotKeptAnyMoreIsMissed() {
        for (int i = 0; i < DeviceEvents.KEPT + 10; i++) {
            publish(Type.CONNECTED);
        }

        assertEquals(DeviceEvents.KEPT, resume(4).events().size());
        assertEquals(11L, numbers(resume(4).events()).getFirst());
        assertEquals(OptionalLong.of(6), resume(4).missed());
        assertEquals(OptionalLong.of(0), resume(10).missed());
    }

    @Test
    void whatNobodyHeardIsMissed() {
        publish(Type.CONNECTED);
        events.publishUnheard();
        publish(Type.CONNECTED);

        assertEquals(List.of(3L), numbers(resume(1).events()));
        assertEquals(OptionalLong.of(1), resume(1).missed());
    }

    @Test
    void guestsPushOutNothingButWhatGuestsDid() {
        publish(Type.FAULT_INJECTED);
        for (int i = 0; i < DeviceEvents.KEPT + 10; i++) {
            publish(Type.ALARM_SET);
        }

        assertEquals(1L, numbers(resume(0).events()).getFirst());
        assertEquals(12L, numbers(resume(0).events()).get(1));
        assertEquals(OptionalLong.of(10), resume(0).missed());
    }
}
