package io.clocktower.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.spec.Columns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The commands about plans. */
@Command(description = "Run, show and stop plans", mixinStandardHelpOptions = true)
final class PlanCommands implements Runnable {

    private static final String PLANS = Api.path("api", "v1", "plans");
    private static final List<String> COLUMNS = List.of("AT", "STEP", "DEVICE", "TYPE");

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    @Command(name = "run", description = "Run a plan", mixinStandardHelpOptions = true)
    int run(@Mixin Connection connection,
            @Parameters(paramLabel = "FILE", description = "The plan in JSON; - is standard input") Path file,
            @Option(names = "--dry-run", description = "Show the schedule, and change nothing") boolean isDryRun) {
        JsonNode plan = connection.api().call("POST", isDryRun ? PLANS + "?dryRun=true" : PLANS, read(file));
        if (!isDryRun || connection.isJson()) {
            return Output.changed(connection, plan, plan.has("next")
                    ? "Plan %s waits for its first run at %s.".formatted(plan.path("id").asText(),
                            plan.path("next").asText())
                    : "Plan %s runs: %s faults.".formatted(plan.path("id").asText(), plan.path("total").asText()));
        }
        Output.text(connection, Columns.text(COLUMNS, StreamSupport.stream(plan.path("items").spliterator(), false)
                .map(item -> Output.row(List.of(item.path("at"), item.path("step"), item.path("device"),
                        item.path("type"))))));
        return 0;
    }

    private static JsonNode read(Path file) {
        try {
            String text = file.toString().equals("-")
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(file);
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new CallException("%s: not JSON: %s (line %d)".formatted(file, e.getOriginalMessage(),
                    e.getLocation() == null ? 1 : e.getLocation().getLineNr()));
        } catch (IOException e) {
            throw new CallException("cannot read %s: %s".formatted(file, Connection.reason(e)));
        }
    }

    @Command(name = "ls", description = "List the plans", mixinStandardHelpOptions = true)
    int ls(@Mixin Connection connection) {
        return Output.list(connection, PLANS);
    }

    @Command(name = "show", description = "Show what became of each item of a plan", mixinStandardHelpOptions = true)
    int show(@Mixin Connection connection, @Parameters(paramLabel = "PLAN") String id) {
        return Output.list(connection, PLANS + Api.path(id));
    }

    @Command(name = "stop", description = "Stop a plan and revert its faults", mixinStandardHelpOptions = true)
    int stop(@Mixin Connection connection, @Parameters(paramLabel = "PLAN") String id) {
        JsonNode plan = connection.api().call("POST", PLANS + Api.path(id, "stop"), null);
        return Output.changed(connection, plan, "Stopped %s: %s faults reverted, %s items cancelled.".formatted(id,
                plan.path("reverted").asText(), plan.path("cancelled").asText()));
    }

    @Command(name = "rm", description = "Forget a plan; one that runs is stopped first", mixinStandardHelpOptions = true)
    int rm(@Mixin Connection connection, @Parameters(paramLabel = "PLAN") String id) {
        return Output.changed(connection, connection.api().call("DELETE", PLANS + Api.path(id), null),
                "Forgot %s.".formatted(id));
    }
}
