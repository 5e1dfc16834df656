package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What commands print. */
final class Output {

    private Output() {}

    /** A table of the service, or its JSON. */
    static int list(Connection connection, String path) {
        Api api = connection.api();
        if (connection.isJson()) {
            json(connection, api.get(path));
        } else {
            text(connection, api.table(path));
        }
        return 0;
    }

    static void json(Connection connection, JsonNode answer) {
        if (!answer.isMissingNode()) {
            connection.out().println(answer);
        }
        connection.out().flush();
    }

    /** As the service made it, with a line break at its end. */
    static void text(Connection connection, String text) {
        connection.out().print(text.endsWith("\n") || text.isEmpty() ? text : text + "\n");
        connection.out().flush();
    }

    /** The answer to a change as JSON, or what it did as a line; warnings are on standard error either way. */
    static int changed(Connection connection, JsonNode answer, String what) {
        if (connection.isJson()) {
            json(connection, answer);
        } else {
            text(connection, what);
        }
        PrintWriter err = connection.err();
        if (answer.hasNonNull("warning")) {
            err.println("clocktower: warning: " + answer.get("warning").asText());
        }
        answer.path("warnings").forEach(warning -> err.println("clocktower: warning: "
                + (warning.isTextual() ? warning.asText() : warning.path("detail").asText(warning.toString()))));
        err.flush();
        return 0;
    }

    /** A row of a table; what is missing in a document is shown as {@code -}. */
    static List<Object> row(List<JsonNode> cells) {
        return cells.stream().<Object>map(cell -> cell.isMissingNode() ? "-" : cell.asText()).toList();
    }

    /** The members of a document, nested ones with dots, one a line. */
    static void members(Connection connection, JsonNode document) {
        List<Map.Entry<String, String>> lines = new ArrayList<>();
        collect("", document, lines);
        int width = lines.stream().mapToInt(line -> line.getKey().length()).max().orElse(0);
        lines.forEach(line -> connection.out().println((line.getKey() + " ".repeat(width)).substring(0, width) + "  "
                + line.getValue()));
        connection.out().flush();
    }

    private static void collect(String path, JsonNode node, List<Map.Entry<String, String>> lines) {
        if (node.isObject()) {
            node.properties().forEach(member -> collect(path.isEmpty()
                    ? member.getKey()
                    : path + "." + member.getKey(), member.getValue(), lines));
        } else {
            lines.add(Map.entry(path, node.isArray()
                    ? StreamSupport.stream(node.spliterator(), false).map(JsonNode::asText)
                            .collect(Collectors.joining(", "))
                    : node.asText()));
        }
    }
}
