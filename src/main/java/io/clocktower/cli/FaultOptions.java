package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clocktower.spec.Columns;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that all kinds of faults have. */
final class FaultOptions {

    private static final List<String> PREVIEW = List.of("AFTER", "CLOCK", "TYPE", "TRUE", "SERVED", "OFFSET");

    @Option(names = "--for", paramLabel = "DURATION", description = "How long it lasts, for example 10m. Default: until it is reverted")
    private String duration;
    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for later readers")
    private String reason;
    @Option(names = "--on-behalf-of", paramLabel = "WHO", description = "For whom; the author is who calls")
    private String onBehalfOf;
    @Option(names = "--clock", paramLabel = "ID", description = "Only this clock. Default: all but the monotonic ones")
    private Integer clock;
    @Option(names = "--dry-run", description = "Show what the clocks would show, and change nothing")
    private boolean isDryRun;
    @Option(names = "--over", paramLabel = "DURATION", description = "How far a dry run looks ahead. Default: 1m")
    private String over;
    @Option(names = "--points", paramLabel = "COUNT", description = "At how many times a dry run looks. Default: 7")
    private Integer points;

    boolean isDryRun() {
        return isDryRun;
    }

    Integer clock() {
        return clock;
    }

    /** Sets the members that all kinds have. */
    ObjectNode addTo(ObjectNode body) {
        if (duration != null) {
            body.put("duration", duration);
        }
        if (reason != null) {
            body.put("reason", reason);
        }
        if (onBehalfOf != null) {
            body.put("onBehalfOf", onBehalfOf);
        }
        return body;
    }

    String query() {
        List<String> parts = new ArrayList<>();
        if (isDryRun) {
            parts.add("dryRun=true");
        }
        if (over != null) {
            parts.add("over=" + Api.encode(over));
        }
        if (points != null) {
            parts.add("points=" + points);
        }
        return parts.isEmpty() ? "" : "?" + String.join("&", parts);
    }

    /** Prints what a dry run found, each clock at each time. */
    static int printPreview(Connection connection, JsonNode preview) {
        if (connection.isJson()) {
            Output.json(connection, preview);
            return 0;
        }
        List<List<Object>> rows = new ArrayList<>();
        for (JsonNode sample : preview.path("samples")) {
            for (JsonNode clock : sample.path("clocks")) {
                rows.add(Output.row(List.of(sample.path("after"), clock.path("clock"), clock.path("type"),
                        clock.path("trueTime"), clock.path("servedTime"), clock.path("offset"))));
            }
        }
        Output.text(connection, Columns.text(PREVIEW, rows.stream()));
        return 0;
    }
}
