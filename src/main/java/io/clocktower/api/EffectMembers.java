package io.clocktower.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.clock.Effect;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.clock.UtcTime;
import io.clocktower.fault.EffectKind;
import io.clocktower.fault.Member;
import io.clocktower.spec.Durations;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import java.time.DateTimeException;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads the type of a fault and the members that depend on it, by the table of effect kinds. */
final class EffectMembers {

    private final Optional<EffectKind<?>> kind;
    private final Map<String, JsonNode> given;
    private final Map<String, Object> values = new HashMap<>();
    /** The fields that were given, by the names of their members. */
    private final Map<String, List<String>> fields = new HashMap<>();
    private final List<FieldError> malformed = new ArrayList<>();

    EffectMembers(String type, Map<String, JsonNode> fields) {
        kind = Optional.ofNullable(type).flatMap(EffectKind::named);
        given = new LinkedHashMap<>(fields);
        given.values().removeIf(value -> value == null || value.isNull());
        if (kind.isEmpty()) {
            malformed.add(new FieldError("type", (type == null ? "missing" : Texts.quoted(type)) + ", expected one of "
                    + String.join(", ", EffectKind.names())));
        }
        given.forEach(this::read);
        kind.ifPresent(this::requireAll);
    }

    private void read(String field, JsonNode value) {
        Optional<Member<?>> own = kind.flatMap(it -> find(it.members().stream(), field));
        Optional<Member<?>> any = own
                .or(() -> find(EffectKind.ALL.stream().flatMap(it -> it.members().stream()), field));
        if (any.isEmpty()) {
            malformed.add(new FieldError(Texts.shown(field), "unknown field"));
            return;
        }
        Member<?> member = any.get();
        try {
            values.put(member.name(), value(member, field, value));
        } catch (DateTimeException | IllegalArgumentException _) {
            malformed.add(new FieldError(field, shown(value) + ", expected " + expected(member, field)));
            return;
        } catch (ArithmeticException _) {
            // Well-formed, and more than 64 bits of nanoseconds: out of range.
            values.put(member.name(), value);
        }
        fields.computeIfAbsent(member.name(), _ -> new ArrayList<>()).add(field);
        if (kind.isPresent() && own.isEmpty()) {
            malformed.add(new FieldError(field, "not a field of a fault of type " + kind.get().name()));
        }
    }

    private static Optional<Member<?>> find(Stream<? extends Member<?>> members, String field) {
        return members.<Member<?>>map(member -> member)
                .filter(member -> field.equals(member.name()) || isInNs(member, field)).findFirst();
    }

    private static boolean isInNs(Member<?> member, String field) {
        return member.type() == Member.Type.DURATION && field.equals(member.inNs());
    }

    private static Object value(Member<?> member, String field, JsonNode value) {
        return switch (member.type()) {
            case DURATION ->
                isInNs(member, field) ? number(value) : (Object) Durations.parse(text(value)).toNanos();
            case NUMBER -> number(value);
            case UTC -> UtcTime.parse(text(value));
            case MONTH -> YearMonth.parse(text(value));
            case CHOICE -> choice(member, text(value));
        };
    }

    private static Object number(JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException("not a whole number of 64 bits");
        }
        return value.longValue();
    }

    private static String text(JsonNode value) {
        if (!value.isTextual()) {
            throw new IllegalArgumentException("not a text");
        }
        return value.textValue();
    }

    private static String choice(Member<?> member, String word) {
        if (!member.choices().contains(word)) {
            throw new IllegalArgumentException("not one of the words");
        }
        return word;
    }

    private static String expected(Member<?> member, String field) {
        return switch (member.type()) {
            case DURATION -> isInNs(member, field)
                    ? "a whole number of nanoseconds, " + member.range()
                    : "a duration such as 5m, 50us or PT5M, " + member.range();
            case NUMBER -> "a whole number from " + member.range();
            case UTC -> "a time such as \"2026-12-31T23:59:59Z\"";
            case MONTH -> "a month such as \"2026-12\"";
            case CHOICE -> member.range();
        };
    }

    /** A value as it was written. */
    private static String shown(JsonNode value) {
        return value.isContainerNode()
                ? value.isArray() ? "a list" : "an object"
                : value.isTextual() ? Texts.quoted(value.textValue()) : Texts.shown(value.asText());
    }

    private void requireAll(EffectKind<?> present) {
        for (Member<?> member : present.members()) {
            if (!fields.containsKey(member.name())) {
                member.byDefault().ifPresentOrElse(value -> values.put(member.name(), value),
                        () -> requireMalformed(member, present));
            }
        }
    }

    private void requireMalformed(Member<?> member, EffectKind<?> present) {
        boolean isMalformed = malformed.stream()
                .anyMatch(error -> error.field().equals(member.name()) || isInNs(member, error.field()));
        if (!isMalformed) {
            malformed.add(new FieldError(member.name(),
                    "missing, a fault of type " + present.name() + " needs it"));
        }
    }

    /** The fields that are missing, unknown or not of their type. */
    List<FieldError> malformed() {
        return malformed;
    }

    /**
     * The effect, if nothing is malformed.
     *
     * @param errors gets the fields that are out of range
     * @return null if it gets any
     */
    Effect effect(Fields errors) {
        EffectKind<?> present = kind.orElseThrow();
        for (Member<?> member : present.members()) {
            List<String> names = fields.getOrDefault(member.name(), List.of());
            if (names.size() > 1) {
                errors.add(member.name(),
                        "expected either %s or %s, got both".formatted(member.name(), member.inNs()));
                return null;
            }
            if (values.get(member.name()) instanceof JsonNode value) {
                errors.add(names.getFirst(), Texts.shown(value.asText()) + ", expected " + member.range());
                return null;
            }
        }
        try {
            return present.create(values);
        } catch (InvalidComponentException e) {
            errors.add(sent(e.component()), detail(present, e));
            return null;
        }
    }

    /** The field in which a member was sent. */
    String sent(String member) {
        return fields.getOrDefault(member, List.of(member)).getFirst();
    }

    /** Numbers are in the units of their field already; all others are shown as they were written. */
    private String detail(EffectKind<?> present, InvalidComponentException error) {
        String field = sent(error.component());
        return present.members().stream().filter(member -> member.name().equals(error.component()))
                .filter(_ -> given.containsKey(field) && given.get(field).isTextual()).findFirst()
                .map(member -> Texts.shown(given.get(field).textValue()) + ", expected " + member.range())
                .orElse(error.detail());
    }
}
