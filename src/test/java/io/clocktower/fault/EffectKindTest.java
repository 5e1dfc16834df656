package io.clocktower.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.Effect;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.clock.UtcTime;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EffectKindTest {

    private static final long SECOND = 1_000_000_000L;

    @Test
    void everyEffectHasOneEntry() {
        assertEquals(Set.of(Effect.class.getPermittedSubclasses()),
                EffectKind.ALL.stream().map(EffectKind::effect).collect(Collectors.toSet()));
        assertEquals(List.of("step", "set", "drift", "slew", "freeze", "jitter", "strobe", "leap-second"),
                EffectKind.names());
        assertEquals(EffectKind.ALL.size(), Set.copyOf(EffectKind.names()).size());
    }

    static Stream<Arguments> effects() {
        return Stream.of(
                Arguments.of(new Effect.Step(-300 * SECOND), "step, offset -PT5M", "offset",
                        "{offset=-PT5M, offsetNs=-300000000000}", Map.of("offset", -300 * SECOND)),
                Arguments.of(new Effect.SetTime(SECOND / 2), "set, time 1970-01-01T00:00:00.500Z", "time",
                        "{time=1970-01-01T00:00:00.500Z}", Map.of("time", UtcTime.parse("1970-01-01T00:00:00.5Z"))),
                Arguments.of(new Effect.Drift(-7), "drift, ratePpb -7", "ratePpb", "{ratePpb=-7}",
                        Map.of("ratePpb", -7L)),
                Arguments.of(new Effect.Slew(SECOND, 5), "slew, offset PT1S, ratePpb 5", "offset",
                        "{offset=PT1S, offsetNs=1000000000, ratePpb=5}", Map.of("offset", SECOND, "ratePpb", 5L)),
                Arguments.of(new Effect.Freeze(), "freeze", "type", "{}", Map.of()),
                Arguments.of(new Effect.Jitter(50, 1_000, 3),
                        "jitter, range PT0.00000005S, interval PT0.000001S, seed 3",
                        "range", "{range=PT0.00000005S, rangeNs=50, interval=PT0.000001S, intervalNs=1000, seed=3}",
                        Map.of("range", 50L, "interval", 1_000L, "seed", 3L)),
                Arguments.of(new Effect.Strobe(-SECOND, SECOND), "strobe, delta -PT1S, period PT1S", "delta",
                        "{delta=-PT1S, deltaNs=-1000000000, period=PT1S, periodNs=1000000000}",
                        Map.of("delta", -SECOND, "period", SECOND)),
                Arguments.of(new Effect.LeapSecond(LocalDate.of(2028, 2, 29), -1),
                        "leap-second, month 2028-02, change delete", "month", "{month=2028-02, change=delete}",
                        Map.of("month", YearMonth.of(2028, 2), "change", "delete")));
    }

    @ParameterizedTest
    @MethodSource("effects")
    void anEffectComesOutOfItsMembersAndBack(Effect effect, String text, String decisive, String json,
            Map<String, Object> values) {
        EffectKind<?> kind = EffectKind.of(effect);

        assertEquals(effect, kind.create(values));
        assertEquals(text, EffectKind.text(effect));
        assertEquals(json, EffectKind.json(effect).toString());
        assertEquals(decisive, kind.decisive());
        assertEquals(Optional.of(kind), EffectKind.named(kind.name()));
        assertEquals(values.keySet(), kind.members().stream().map(Member::name).collect(Collectors.toSet()));
    }

    /** Each component of an effect, or else it could not be restored, is a member. */
    @Test
    void everyComponentOfAnEffectIsAMember() {
        for (EffectKind<?> kind : EffectKind.ALL) {
            assertEquals(Stream.of(kind.effect().getRecordComponents()).filter(part -> part.getType() != boolean.class)
                    .map(RecordComponent::getName).toList(), kind.members().stream().map(Member::component).toList());
        }
    }

    @Test
    void aValueOutOfRangeIsAnErrorOfItsMember() {
        assertRefused("interval", "jitter", Map.of("range", 1L, "interval", 999L, "seed", 0L));
        assertRefused("range", "jitter", Map.of("range", -1L, "interval", 1_000L, "seed", 0L));
        assertRefused("ratePpb", "slew", Map.of("offset", -1L, "ratePpb", SECOND));
        assertRefused("month", "leap-second", Map.of("month", YearMonth.of(1971, 12), "change", "insert"));
        for (Instant time : List.of(Instant.EPOCH.minusNanos(1), Instant.MIN, Instant.MAX,
                Instant.parse("2554-07-21T23:34:33.709551615Z"))) {
            assertRefused("time", "set", Map.of("time", new UtcTime(time, false)));
        }
    }

    private static void assertRefused(String member, String kind, Map<String, Object> values) {
        var error = assertThrows(InvalidComponentException.class,
                () -> EffectKind.named(kind).orElseThrow().create(values));
        assertEquals(member, error.component());
    }

    @Test
    void rangesAreInUnitsThatPeopleWrite() {
        assertEquals("-292 years to 292 years", range("step", "offset"));
        assertEquals("1us or more", range("jitter", "interval"));
        assertEquals("0ns to 146 years", range("jitter", "range"));
        assertEquals("-999999999 to 999000000000", range("drift", "ratePpb"));
        assertTrue(range("set", "time").startsWith("1970-01-01T"));
    }

    private static String range(String kind, String name) {
        return EffectKind.named(kind).orElseThrow().members().stream().filter(member -> member.name().equals(name))
                .findFirst().orElseThrow().range();
    }
}
