package io.clocktower.fault;

import io.clocktower.clock.Effect;
import io.clocktower.clock.UtcTime;
import java.time.Duration;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A member of a kind of effects.
 *
 * @param name in JSON; a duration is also accepted and shown in nanoseconds, with {@code Ns} after the name
 * @param component of the effect that it becomes
 * @param meaning what it says
 * @param range its values, in words
 * @param byDefault its value if it is left out; empty if it is required
 * @param choices what it is one of, if it is a choice
 * @param value reads it from an effect
 */
public record Member<E extends Effect>(String name, String component, Type type, String meaning, String range,
        Optional<Object> byDefault, List<String> choices, Function<E, Object> value) {

    static final String UTC_RANGE = "1970-01-01T00:00:00Z to 2554-07-21T23:34:33.709551614Z";

    /** What values of a member are. */
    public enum Type {
        /** Nanoseconds, a {@link Long}. */
        DURATION,
        /** A {@link Long}. */
        NUMBER,
        /** A {@link UtcTime}. */
        UTC,
        /** A {@link YearMonth}. */
        MONTH,
        /** One of some words, a {@link String}. */
        CHOICE
    }

    static <E extends Effect> Member<E> duration(String name, String meaning, long minNs, long maxNs,
            Function<E, Object> valueNs) {
        return new Member<>(name, name + "Ns", Type.DURATION, meaning, Spans.range(minNs, maxNs), Optional.empty(),
                List.of(), valueNs);
    }

    static <E extends Effect> Member<E> number(String name, String meaning, long min, long max,
            Function<E, Object> value) {
        return new Member<>(name, name, Type.NUMBER, meaning, min + " to " + max, Optional.empty(), List.of(), value);
    }

    static <E extends Effect> Member<E> utc(String name, String component, String meaning, Function<E, Object> value) {
        return new Member<>(name, component, Type.UTC, meaning, UTC_RANGE, Optional.empty(), List.of(), value);
    }

    static <E extends Effect> Member<E> month(String name, String component, String meaning, String range,
            Function<E, Object> value) {
        return new Member<>(name, component, Type.MONTH, meaning, range, Optional.empty(), List.of(), value);
    }

    static <E extends Effect> Member<E> choice(String name, String meaning, List<String> choices,
            Function<E, Object> value) {
        return new Member<>(name, name, Type.CHOICE, meaning, "one of " + String.join(", ", choices), Optional.empty(),
                choices, value);
    }

    Member<E> withDefault(Object other) {
        return new Member<>(name, component, type, meaning, range, Optional.of(other), choices, value);
    }

    /** Adds the member to an object in JSON. */
    void writeTo(Map<String, Object> json, E effect) {
        json.put(name, type == Type.DURATION || type == Type.MONTH ? text(effect) : value.apply(effect));
        if (type == Type.DURATION) {
            json.put(inNs(), value.apply(effect));
        }
    }

    /** The name of a duration that is given in nanoseconds. */
    public String inNs() {
        return name + "Ns";
    }

    /** The member's value in words. */
    String text(E effect) {
        Object shown = value.apply(effect);
        return type == Type.DURATION ? Spans.text(Duration.ofNanos((Long) shown)) : shown.toString();
    }
}
