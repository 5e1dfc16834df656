package io.clocktower.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.clocktower.clock.Words;
import io.clocktower.spec.Durations;
import io.quarkus.jackson.ObjectMapperCustomizer;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How bodies are read: no value is converted to another type ("5" is not 5, and 1.5 is not 1), and nothing is ignored.
 * Constants are written as in the configuration, {@code utc-smeared}, and durations as in {@link Durations}.
 */
@Singleton
public final class StrictJson implements ObjectMapperCustomizer {

    /** The start of a fault that is to begin now. */
    static final Instant NOW = Instant.MIN;

    private static final List<LogicalType> NUMBERS = List.of(LogicalType.Integer, LogicalType.Float);

    /** After the modules of the library: the deserializers of the last module are used first. */
    @Override
    public int priority() {
        return MINIMUM_PRIORITY;
    }

    @Override
    public void customize(ObjectMapper mapper) {
        mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
        mapper.enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
        mapper.disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
        for (LogicalType type : NUMBERS) {
            refuse(mapper, type, CoercionInputShape.String, CoercionInputShape.EmptyString, CoercionInputShape.Boolean);
        }
        refuse(mapper, LogicalType.Boolean, CoercionInputShape.String, CoercionInputShape.EmptyString,
                CoercionInputShape.Integer, CoercionInputShape.Float);
        refuse(mapper, LogicalType.Textual, CoercionInputShape.Integer, CoercionInputShape.Float,
                CoercionInputShape.Boolean);
        Stream.of(LogicalType.POJO, LogicalType.Map, LogicalType.Collection)
                .forEach(type -> refuse(mapper, type, CoercionInputShape.EmptyString));
        mapper.registerModule(new SimpleModule("clocktower").addDeserializer(Duration.class,
                new TextReader<>(Duration.class, Durations::parse))
                .addDeserializer(Instant.class, new TextReader<>(Instant.class, Instant::parse))
                .addDeserializer(YearMonth.class, new TextReader<>(YearMonth.class, YearMonth::parse))
                .setDeserializerModifier(new ConstantReaders()));
    }

    private static void refuse(ObjectMapper mapper, LogicalType type, CoercionInputShape... shapes) {
        for (CoercionInputShape shape : shapes) {
            mapper.coercionConfigFor(type).setCoercion(shape, CoercionAction.Fail);
        }
    }

    private static final class ConstantReaders extends BeanDeserializerModifier {

        private static final long serialVersionUID = 1L;

        @Override
        public JsonDeserializer<?> modifyEnumDeserializer(DeserializationConfig config, JavaType type,
                BeanDescription description, JsonDeserializer<?> usual) {
            return type.getRawClass().getPackageName().startsWith("io.clocktower")
                    ? new ConstantReader(type.getRawClass())
                    : usual;
        }
    }

    private static final class ConstantReader extends StdDeserializer<Object> {

        private static final long serialVersionUID = 1L;

        private ConstantReader(Class<?> type) {
            super(type);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.hasToken(JsonToken.VALUE_STRING)) {
                return context.handleUnexpectedToken(handledType(), parser);
            }
            String text = parser.getText();
            for (Object constant : handledType().getEnumConstants()) {
                if (Words.of((Enum<?>) constant).equals(text)) {
                    return constant;
                }
            }
            return context.handleWeirdStringValue(handledType(), text, "no such constant");
        }
    }

    /** Reads when a fault begins: a time, or {@code now}. */
    @RegisterForReflection
    static final class StartReader extends TextReader<Instant> {

        private static final long serialVersionUID = 1L;

        StartReader() {
            super(Instant.class, text -> text.equals("now") ? NOW : Instant.parse(text));
        }
    }

    /** Reads a time from a string only; the deserializers of the library also take numbers, and strings of digits, as seconds. */
    private static class TextReader<T> extends StdDeserializer<T> {

        private static final long serialVersionUID = 1L;

        private final transient Function<String, T> parser;

        private TextReader(Class<T> type, Function<String, T> parser) {
            super(type);
            this.parser = parser;
        }

        @Override
        @SuppressWarnings("unchecked")
        public T deserialize(JsonParser json, DeserializationContext context) throws IOException {
            if (!json.hasToken(JsonToken.VALUE_STRING)) {
                return (T) context.handleUnexpectedToken(handledType(), json);
            }
            String text = json.getText();
            try {
                return parser.apply(text);
            } catch (DateTimeException | IllegalArgumentException e) {
                return (T) context.handleWeirdStringValue(handledType(), text, "none");
            }
        }
    }
}
