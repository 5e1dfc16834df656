package io.clocktower.api;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.clocktower.clock.Words;
import io.clocktower.spec.Durations;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.Suggestion;
import io.clocktower.spec.Texts;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Describes what is wrong with a body that cannot be read, in the terms of the API. */
final class JsonErrors {

    private static final Pattern SHAPE = Pattern
            .compile("\\b(Object|Array|String|Integer|Floating-point|Boolean|Null) value");

    private JsonErrors() {}

    static FieldError of(JsonProcessingException refusal) {
        JsonProcessingException cause = refusal;
        while (cause.getCause() instanceof JsonProcessingException deeper) {
            cause = deeper;
        }
        return new FieldError(refusal instanceof JsonMappingException mapping ? path(mapping) : "", detail(cause));
    }

    /** {@code clocks[0].type}. */
    private static String path(JsonMappingException refusal) {
        var path = new StringBuilder();
        for (JsonMappingException.Reference reference : refusal.getPath()) {
            if (reference.getFieldName() == null) {
                path.append('[').append(reference.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(Texts.shown(reference.getFieldName()));
            }
        }
        return path.toString();
    }

    private static String detail(JsonProcessingException cause) {
        return switch (cause) {
            case UnrecognizedPropertyException e ->
                "unknown field" + Suggestion.of(e.getPropertyName(),
                        e.getKnownPropertyIds().stream().map(String::valueOf).toList());
            case InvalidFormatException e when e.getTargetType() == Duration.class -> duration((String) e.getValue());
            case InvalidFormatException e ->
                value(e.getValue()) + ", expected " + expected(e.getTargetType());
            case MismatchedInputException e when e.getOriginalMessage().startsWith("Trailing token") ->
                "expected nothing after the first value";
            case MismatchedInputException e -> instead(e) + "expected " + expected(e.getTargetType());
            case InputCoercionException e -> "expected " + expected(e.getTargetType());
            case StreamConstraintsException _ -> "nested too deeply, or a string or number is too long";
            default -> notJson(cause);
        };
    }

    private static String duration(String text) {
        try {
            return "expected " + Durations.parse(text);
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    private static String notJson(JsonProcessingException cause) {
        JsonLocation at = cause.getLocation();
        String what = cause.getOriginalMessage().startsWith("Duplicate field")
                ? "duplicate field"
                : "expected JSON";
        return at == null ? what : "%s (line %d, column %d)".formatted(what, at.getLineNr(), at.getColumnNr());
    }

    private static String value(Object value) {
        return value instanceof CharSequence text ? Texts.quoted(text.toString()) : Texts.shown("" + value);
    }

    /** What was given instead. After the body is closed, only the message of the library tells. */
    private static String instead(MismatchedInputException e) {
        Matcher shape = SHAPE.matcher(e.getOriginalMessage());
        return !shape.find() ? "" : switch (shape.group(1)) {
            case "Object" -> "an object, ";
            case "Array" -> "a list, ";
            case "String" -> "a string, ";
            case "Integer", "Floating-point" -> "a number, ";
            case "Boolean" -> "a boolean, ";
            default -> "null, ";
        };
    }

    private static String expected(Class<?> type) {
        if (type == null) {
            return "something else";
        }
        if (type.isEnum()) {
            return oneOf(Stream.of(type.getEnumConstants()).map(constant -> Words.of((Enum<?>) constant)));
        }
        if (type == Long.class || type == long.class) {
            return "a whole number from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE;
        }
        if (type == Integer.class || type == int.class) {
            return "a whole number from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE;
        }
        if (type == BigInteger.class) {
            return "a whole number";
        }
        if (Number.class.isAssignableFrom(type) || type == double.class) {
            return "a number";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return "a string";
        }
        if (type == Duration.class) {
            return Durations.expected();
        }
        if (type == YearMonth.class) {
            return "a month such as 2026-12";
        }
        if (type == Instant.class) {
            return "a time such as 2026-12-31T23:59:59Z";
        }
        return Collection.class.isAssignableFrom(type) ? "a list" : isObject(type) ? "an object" : "something else";
    }

    private static boolean isObject(Class<?> type) {
        return type.isRecord() || Map.class.isAssignableFrom(type);
    }

    private static String oneOf(Stream<String> names) {
        return "one of " + names.collect(Collectors.joining(", "));
    }
}
