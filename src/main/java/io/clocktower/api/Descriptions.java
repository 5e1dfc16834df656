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

/** Says of the whole API what would be said at many operations otherwise: parameters, bodies to try, tables, credentials. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class Descriptions implements OASFilter {

    private static final String BEARER = "bearer";
    private static final String JSON = "application/json";
    private static final ObjectMapper READER = new ObjectMapper();

    private static final Map<String, String> TAGS = ordered(
            "devices",
            "One virtio-rtc device a virtual machine: its socket, its front-end, its clocks and what they show",
            "offsets", "How far clocks are moved from true time: the fault that is wanted most, as a value that is set",
            "faults", "What else happens to clocks, at once or later, for a while or until it is reverted",
            "alarms", "What guests have set their clocks' alarms to, and what becomes of it",
            "plans", "Timed faults over devices that are chosen by label. Plans are not kept over a restart; the faults"
                    + " that they injected are, with what is left of their durations.",
            "events", "What happens to the devices, as it happens",
            "host", "The time that all devices have theirs from");

    /** What a parameter of that name is, and one to try. */
    private static final Map<String, List<Object>> PARAMETERS = Map.of(
            "name", List.of("The device's name", "vm0"),
            "clock", List.of("The clock's id", 0),
            "fault", List.of("The fault's id", "offset"),
            "id", List.of("The plan's id", "p1"),
            "dryRun", List.of("Answer what each clock would show, and change nothing", true),
            "over",
            List.of("How far a dry run looks ahead, in ISO 8601: PT1M, as if it is left out, to 36500 days", "PT1M"),
            "points",
            List.of("At how many times a dry run reads the clocks, from now on: 7, as if it is left out, 2 to 1000", 7),
            Versions.IF_MATCH,
            List.of("The ETag of an answer: the change is made only if the device is still of that version"));

    /** Bodies to try, by their schemas. */
    private static final Map<String, Map<String, String>> BODIES = Map.of(
            "OffsetRequest", ordered(
                    "five minutes back for ten", "{'offset':'-PT5M','duration':'PT10M','reason':'rehearsing CHG-1234'}",
                    "for good", "{'offsetNs':1500000}"),
            "FaultRequest", ordered(
                    "step", "{'type':'step','offset':'-PT5M','duration':'PT10M','reason':'rehearsing CHG-1234'}",
                    "set", "{'type':'set','time':'2026-12-31T23:59:00Z','duration':'PT5M'}",
                    "drift", "{'type':'drift','ratePpb':100000}",
                    "slew", "{'type':'slew','offset':'PT1S','ratePpb':500000}",
                    "freeze", "{'type':'freeze','clock':0,'duration':'PT30S'}",
                    "jitter", "{'type':'jitter','range':'PT0.05S','interval':'PT1S','seed':7}",
                    "strobe", "{'type':'strobe','delta':'PT1H','period':'PT10S','duration':'PT5M'}",
                    "leap-second", "{'type':'leap-second','month':'2026-12','change':'insert'}"),
            "DeviceRequest", ordered(
                    "by default", "{'name':'vm2'}",
                    "with clocks", "{'name':'vm2','clocks':[{'type':'utc-smeared','smearing':'utc-sls','alarm':true},"
                            + "{'type':'tai'}],'pollWindow':'50us','labels':{'team':'payments'}}"),
            "CounterRequest", ordered("of this host's counter", "{'offset':-123456789}"));
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
                .description("A token, where callers are asked who they are; a client certificate does as well")));
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
            throw new IllegalStateException("an example is no JSON: " + json, e);
        }
    }

    /** Lists are tables, too, and so is a plan. */
    private static void describeTable(String path, Operation operation) {
        MediaType json = operation.getResponses().getAPIResponse("200").getContent().getMediaType(JSON);
        if (json == null || !isList(json.getSchema()) && !path.endsWith("/plans/{id}")) {
            return;
        }
        operation.getResponses().getAPIResponse("200").getContent().addMediaType("text/plain",
                OASFactory.createMediaType().schema(OASFactory.createSchema().addType(Schema.SchemaType.STRING)
                        .description("An aligned table, for a person at a terminal")));
    }

    private static boolean isList(Schema schema) {
        return schema.getType() != null && schema.getType().contains(Schema.SchemaType.ARRAY);
    }
}
