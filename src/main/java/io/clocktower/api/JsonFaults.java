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
import io.clocktower.device.FieldFault;
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

/** What is wrong with a body that cannot be read, in the words of the API. */
final class JsonFaults {

    private static final Pattern SHAPE = Pattern
            .compile("\\b(Object|Array|String|Integer|Floating-point|Boolean|Null) value");

    private JsonFaults() {}

    static FieldFault of(JsonProcessingException refusal) {
        JsonProcessingException cause = refusal;
        while (cause.getCause() instanceof JsonProcessingException deeper) {
            cause = deeper;
        }
        return new FieldFault(refusal instanceof JsonMappingException mapping ? path(mapping) : "", detail(cause));
    }

    /** {@code clocks[0].type}. */
    private static String path(JsonMappingException refusal) {
        var path = new StringBuilder();
        for (JsonMappingException.Reference reference : refusal.getPath()) {
            if (reference.getFieldName() == null) {
                path.append('[').append(reference.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(FieldFault.shown(reference.getFieldName()));
            }
        }
        return path.toString();
    }

    private static String detail(JsonProcessingException cause) {
        return switch (cause) {
            case UnrecognizedPropertyException e ->
                "no such field, expected " + oneOf(e.getKnownPropertyIds().stream().map(String::valueOf).sorted());
            case InvalidFormatException e ->
                value(e.getValue()) + ", expected " + expected(e.getTargetType());
            case MismatchedInputException e when e.getOriginalMessage().startsWith("Trailing token") ->
                "expected nothing after the first value";
            case MismatchedInputException e -> instead(e) + "expected " + expected(e.getTargetType());
            case InputCoercionException e -> "expected " + expected(e.getTargetType());
            case StreamConstraintsException _ -> "nested too deeply, or with a text or number that is too long";
            default -> notJson(cause);
        };
    }

    private static String notJson(JsonProcessingException cause) {
        JsonLocation at = cause.getLocation();
        String what = cause.getOriginalMessage().startsWith("Duplicate field")
                ? "the same field twice"
                : "expected JSON";
        return at == null ? what : "%s (line %d, column %d)".formatted(what, at.getLineNr(), at.getColumnNr());
    }

    private static String value(Object value) {
        return value instanceof CharSequence text ? FieldFault.quoted(text.toString()) : FieldFault.shown("" + value);
    }

    /** What was there instead. The library knows it in its message alone, once the body is closed. */
    private static String instead(MismatchedInputException e) {
        Matcher shape = SHAPE.matcher(e.getOriginalMessage());
        return !shape.find() ? "" : switch (shape.group(1)) {
            case "Object" -> "an object, ";
            case "Array" -> "a list, ";
            case "String" -> "a text, ";
            case "Integer", "Floating-point" -> "a number, ";
            case "Boolean" -> "true or false, ";
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
            return "a text";
        }
        if (type == Duration.class) {
            return "a duration, \"PT5M\" or \"50us\" say";
        }
        if (type == YearMonth.class) {
            return "a month, \"2026-12\" say";
        }
        if (type == Instant.class) {
            return "a time, \"2026-12-31T23:59:59Z\" say";
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
