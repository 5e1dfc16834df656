package io.clocktower.api;

import io.clocktower.fault.EffectKind;
import io.clocktower.fault.Member;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.media.Schema;

/** Completes the schema of a request for a fault from the table of effect kinds. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class EffectSchema implements OASFilter {

    static final String REQUEST = "FaultRequest";

    @Override
    public void filterOpenAPI(OpenAPI document) {
        Schema request = document.getComponents().getSchemas().get(REQUEST);
        request.setDescription("A fault to inject. Each type has fields of its own: " + EffectKind.ALL.stream()
                .map(EffectSchema::fields).collect(Collectors.joining("; "))
                + ". A duration is a text, or a number of nanoseconds in the field that ends in Ns.");
        request.getProperties().get("type").setEnumeration(List.copyOf(EffectKind.names()));
        properties().forEach(request::addProperty);
    }

    private static String fields(EffectKind<?> kind) {
        return kind.name() + " " + (kind.members().isEmpty()
                ? "none"
                : kind.members().stream().map(Member::name).collect(Collectors.joining(", ")));
    }

    /** Bodies to try, by the names of the kinds. */
    static Map<String, String> examples() {
        return EffectKind.ALL.stream().collect(
                Collectors.toMap(EffectKind::name, EffectKind::example, (one, _) -> one, LinkedHashMap::new));
    }

    private static Map<String, Schema> properties() {
        Map<String, Schema> properties = new LinkedHashMap<>();
        EffectKind.ALL.stream().flatMap(kind -> kind.members().stream()).forEach(member -> {
            properties.putIfAbsent(member.name(), schema(member).description(description(member)));
            if (member.type() == Member.Type.DURATION) {
                properties.putIfAbsent(member.inNs(), number()
                        .description(kindsWith(member).map(EffectKind::name).collect(Collectors.joining(", "))
                                + ": the same in nanoseconds"));
            }
        });
        return properties;
    }

    private static Stream<? extends EffectKind<?>> kindsWith(Member<?> member) {
        return EffectKind.ALL.stream().filter(kind -> kind.members().stream()
                .anyMatch(other -> other.name().equals(member.name())));
    }

    /** What the member says in each of the kinds that have it. */
    private static String description(Member<?> member) {
        Map<String, String> kindsByMeaning = new LinkedHashMap<>();
        kindsWith(member).forEach(kind -> kind.members().stream()
                .filter(own -> own.name().equals(member.name()))
                .forEach(own -> kindsByMeaning.merge(meaning(own), kind.name(), (one, other) -> one + ", " + other)));
        return kindsByMeaning.entrySet().stream().map(entry -> entry.getValue() + ": " + entry.getKey())
                .collect(Collectors.joining("; "));
    }

    private static String meaning(Member<?> member) {
        return member.meaning() + member.byDefault().map(value -> "; by default " + value)
                .orElse(member.type() == Member.Type.CHOICE ? "" : "; " + member.range());
    }

    private static Schema schema(Member<?> member) {
        return switch (member.type()) {
            case DURATION -> text().ref("#/components/schemas/Duration");
            case MONTH -> text();
            case NUMBER -> number();
            case UTC -> text().ref("#/components/schemas/Instant");
            case CHOICE -> text().enumeration(List.copyOf(member.choices()));
        };
    }

    private static Schema text() {
        return OASFactory.createSchema().addType(Schema.SchemaType.STRING);
    }

    private static Schema number() {
        return OASFactory.createSchema().addType(Schema.SchemaType.INTEGER).format("int64");
    }
}
