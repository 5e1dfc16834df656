package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.MediaType;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Describes in the OpenAPI document what many operations have in common: parameters, example bodies, tables, credentials. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class Descriptions implements OASFilter {

    private static final String BEARER = "bearer";
    private static final String JSON = "application/json";
    private static final ObjectMapper READER = new ObjectMapper();

    private static final Map<String, String> TAGS = ordered(
            "devices",
            "One virtio-rtc device for each virtual machine: its socket, its front-end, its clocks and their times",
            "offsets", "How far clocks are moved from true time: the most common fault, as a value to set",
            "faults", "All kinds of faults: now or later, for some time or until they are reverted",
            "alarms", "The alarms that guests have set, and whether they were delivered",
            "plans",
            "Timed faults for devices that are selected by label, once or by a schedule. Plans are kept on disk, and go on"
                    + " when the service is restarted.",
            "events", "What happens to the devices, as a stream",
            "host", "The host, whose clock is the source of time for all devices");

    /** The description and an example of each parameter. */
    private static final Map<String, List<Object>> PARAMETERS = Map.of(
            "name", List.of("Name of the device", "vm0"),
            "clock", List.of("Id of the clock", 0),
            "fault", List.of("Id of the fault", "offset"),
            "id", List.of("Id of the plan", "p1"),
            "dryRun", List.of("Answer with the times that the clocks would show, and change nothing", true),
            "over",
            List.of("How far a dry run looks ahead: 0s to 36500 days. Default: 1m", "PT1M"),
            "points",
            List.of("At how many times a dry run reads the clocks, the first of them now: 2 to 1000. Default: 7", 7),
            Versions.IF_MATCH,
            List.of("The ETag of an earlier answer: the change is made only if the device still has that version"));

    /** Example bodies, by schema. */
    private static final Map<String, Map<String, String>> BODIES = Map.of(
            "OffsetRequest", ordered(
                    "five minutes back, for ten minutes",
                    "{'offset':'-PT5M','duration':'PT10M','reason':'rehearsing CHG-1234'}",
                    "until it is reverted", "{'offsetNs':1500000}"),
            EffectSchema.REQUEST, EffectSchema.examples(),
            "DeviceRequest", ordered(
                    "default clocks", "{'name':'vm2'}",
                    "with clocks", "{'name':'vm2','clocks':[{'type':'utc-smeared','smearing':'utc-sls','alarm':true},"
                            + "{'type':'tai'}],'pollWindow':'50us','labels':{'team':'payments'}}"),
            "CounterRequest", ordered("offset only", "{'offset':-123456789}"));
    private static final Map<String, String> LABELS = ordered("labels", "{'team':'payments','tier':'1'}");

    @SuppressWarnings("unchecked")
    private static <T> Map<String, T> ordered(Object... namesAndValues) {
        Map<String, T> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) namesAndValues[i], (T) namesAndValues[i + 1]);
        }
        return map;
    }

    @Override
    public void filterOpenAPI(OpenAPI document) {
        document.setTags(TAGS.entrySet().stream()
                .map(tag -> OASFactory.createTag().name(tag.getKey()).description(tag.getValue())).toList());
        document.getComponents().setSecuritySchemes(Map.of(BEARER, OASFactory.createSecurityScheme()
                .type(SecurityScheme.Type.HTTP).scheme(BEARER)
                .description("A token, if authentication is configured; a client certificate is accepted as well")));
        document.setSecurity(List.of(OASFactory.createSecurityRequirement(),
                OASFactory.createSecurityRequirement().addScheme(BEARER)));
        document.getPaths().getPathItems().forEach(Descriptions::describe);
    }

    private static void describe(String path, PathItem item) {
        item.getOperations().values().forEach(operation -> {
            if (operation.getParameters() != null) {
                operation.getParameters().forEach(Descriptions::describe);
            }
            if (operation.getRequestBody() != null) {
                operation.getRequestBody().setRequired(true);
                operation.getRequestBody().getContent().getMediaTypes().values()
                        .forEach(body -> addExamples(path, body));
            }
        });
        if (item.getGET() != null) {
            describeTable(path, item.getGET());
        }
    }

    private static void describe(Parameter parameter) {
        List<Object> known = PARAMETERS.get(parameter.getName());
        if (known == null || parameter.getDescription() != null) {
            return;
        }
        parameter.setDescription((String) known.getFirst());
        if (known.size() > 1) {
            parameter.setExample(known.get(1));
        }
    }

    private static void addExamples(String path, MediaType body) {
        Map<String, String> examples = path.endsWith("/labels")
                ? LABELS
                : BODIES.getOrDefault(schema(body), Map.of());
        examples.forEach((name, json) -> body.addExample(name, OASFactory.createExample().value(read(json))));
    }

    private static String schema(MediaType body) {
        Schema schema = body.getSchema();
        return schema == null || schema.getRef() == null
                ? ""
                : schema.getRef().substring(schema.getRef().lastIndexOf('/') + 1);
    }

    private static Object read(String json) {
        try {
            return READER.readValue(json.replace('\'', '"'), LinkedHashMap.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not JSON: " + json, e);
        }
    }

    /** Lists, and a plan, are available as tables too. */
    private static void describeTable(String path, Operation operation) {
        MediaType json = operation.getResponses().getAPIResponse("200").getContent().getMediaType(JSON);
        if (json == null || !isList(json.getSchema()) && !path.endsWith("/plans/{id}")) {
            return;
        }
        operation.getResponses().getAPIResponse("200").getContent().addMediaType("text/plain",
                OASFactory.createMediaType().schema(OASFactory.createSchema().addType(Schema.SchemaType.STRING)
                        .description("An aligned table, to read in a terminal")));
    }

    private static boolean isList(Schema schema) {
        return schema.getType() != null && schema.getType().contains(Schema.SchemaType.ARRAY);
    }
}
