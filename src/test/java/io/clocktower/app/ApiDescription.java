package io.clocktower.app;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The operations of the interface's description (OpenAPI), to call each of them. */
final class ApiDescription {

    /** What a call of an operation with a path needs to mean something; of another body an empty one is tried. */
    private static final Map<String, String> VALID = Map.of("PUT offset", "{\"offsetNs\":5}", "POST faults",
            "{\"type\":\"freeze\"}", "POST devices", "{\"name\":\"valid\"}", "PUT counter", "{\"offset\":5}",
            "PUT labels", "{\"a\":\"b\"}", "PATCH {fault}", "{\"reason\":\"b\"}", "POST plans",
            "{\"steps\":[{\"devices\":[\"vm0\"],\"fault\":{\"type\":\"freeze\"}}]}");
    private static final Map<String, String> EXISTING = Map.of("name", "vm0", "clock", "0", "fault", "f0", "id", "p0");

    private ApiDescription() {}

    /** A parameter of the path, the query or a header; a list's type is that of its items. */
    record Parameter(String in, String name, String type, boolean isList) {}

    /**
     * A field of a body.
     *
     * @param template the body, with {@code %s} for the field's value
     * @param isConstrained whether few of all texts are one
     * @param isFree whether the field has any name
     */
    record Field(String path, String template, String type, String format, boolean isConstrained, boolean isFree) {

        String body(String value) {
            return template.replace("%s", value);
        }

        String name() {
            return path.substring(path.lastIndexOf('.') + 1).replaceAll("\\[.*", "");
        }

        /** The body with the field twice, of the same value. */
        String twice(String value) {
            String field = '"' + name() + "\":";
            int at = template.lastIndexOf(field);
            String member = template.substring(at, template.indexOf("%s", at) + 2);
            return (template.substring(0, at) + member + closing(member) + "," + template.substring(at))
                    .replace("%s", value);
        }

        private static String closing(String member) {
            return member.contains("[") ? "]" : "";
        }

        /** Another field of the same object. */
        Field sibling(String other) {
            String prefix = path.substring(0, path.lastIndexOf('.') + 1);
            int at = template.lastIndexOf('"' + name() + "\":");
            String tail = template.substring(template.indexOf("%s") + 2);
            return new Field(prefix + other, template.substring(0, at) + '"' + other + "\":%s"
                    + (path.endsWith("]") ? tail.substring(1) : tail), type, "", false, false);
        }
    }

    /** An operation, on what there is as far as possible. */
    record Operation(String method, String template, List<Parameter> parameters, List<Field> fields,
            boolean answersJson, Set<String> statuses, List<JsonNode> examples) {

        String path() {
            return path("", "");
        }

        /** With one parameter otherwise. */
        String path(String parameter, String value) {
            String path = template;
            for (var existing : EXISTING.entrySet()) {
                path = path.replace("{" + existing.getKey() + "}",
                        existing.getKey().equals(parameter) ? value : existing.getValue());
            }
            return path;
        }

        List<Parameter> parameters(String in) {
            return parameters.stream().filter(parameter -> parameter.in().equals(in)).toList();
        }

        String validBody() {
            return fields.isEmpty()
                    ? null
                    : VALID.getOrDefault(method + " " + template.substring(template.lastIndexOf('/') + 1), "{}");
        }

        @Override
        public String toString() {
            return method + " " + template;
        }
    }

    static List<Operation> operations(JsonNode description) {
        List<Operation> operations = new ArrayList<>();
        description.path("paths").properties().forEach(path -> path.getValue().properties().stream()
                .filter(member -> member.getValue().has("responses"))
                .forEach(member -> operations.add(operation(description, member.getKey().toUpperCase(), path.getKey(),
                        path.getValue(), member.getValue()))));
        return operations;
    }

    private static Operation operation(JsonNode description, String method, String path, JsonNode item,
            JsonNode operation) {
        List<Parameter> parameters = new ArrayList<>();
        Stream.of(item, operation).flatMap(node -> node.path("parameters").valueStream()).forEach(node -> {
            JsonNode schema = resolved(description, node.path("schema"));
            boolean isList = type(schema).equals("array");
            parameters.add(new Parameter(node.path("in").asText(), node.path("name").asText(),
                    type(isList ? resolved(description, schema.path("items")) : schema), isList));
        });
        List<Field> fields = new ArrayList<>();
        JsonNode body = operation.at("/requestBody/content/application~1json/schema");
        if (!body.isMissingNode()) {
            addFields(description, "", "%s", resolved(description, body), fields);
        }
        boolean answersJson = operation.path("responses").valueStream()
                .anyMatch(response -> response.path("content").has("application/json"));
        Set<String> statuses = operation.path("responses").propertyStream().map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        List<JsonNode> examples = operation.at("/requestBody/content/application~1json/examples").valueStream()
                .map(example -> example.path("value")).filter(JsonNode::isObject).toList();
        return new Operation(method, path, parameters, fields, answersJson, statuses, examples);
    }

    private static JsonNode resolved(JsonNode description, JsonNode schema) {
        return schema.has("$ref") ? description.at(schema.path("$ref").asText().substring(1)) : schema;
    }

    private static String type(JsonNode schema) {
        JsonNode type = schema.path("type");
        return type.isArray() ? type.get(0).asText() : type.asText("object");
    }

    private static void addFields(JsonNode description, String path, String template, JsonNode schema,
            List<Field> fields) {
        schema.path("properties").properties().forEach(property -> add(description,
                path + (path.isEmpty() ? "" : ".") + property.getKey(),
                template.replace("%s", "{\"" + property.getKey() + "\":%s}"),
                resolved(description, property.getValue()), fields, false));
        if (schema.path("additionalProperties").isObject()) {
            add(description, path + (path.isEmpty() ? "" : ".") + "key", template.replace("%s", "{\"key\":%s}"),
                    resolved(description, schema.path("additionalProperties")), fields, true);
        }
    }

    private static void add(JsonNode description, String path, String template, JsonNode schema, List<Field> fields,
            boolean isFree) {
        String type = type(schema);
        fields.add(new Field(path, template, type, schema.path("format").asText(),
                schema.has("enum") || schema.has("format"), isFree));
        if (type.equals("object")) {
            addFields(description, path, template, schema, fields);
        } else if (type.equals("array")) {
            add(description, path + "[0]", template.replace("%s", "[%s]"), resolved(description, schema.path("items")),
                    fields, isFree);
        }
    }
}
