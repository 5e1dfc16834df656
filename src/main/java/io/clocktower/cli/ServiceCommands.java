package io.clocktower.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.spec.Build;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The commands about the service itself. */
final class ServiceCommands {

    private static final int OK = 200;

    private ServiceCommands() {}

    /** Shows the host. */
    @Command(description = "Show how well the host's clock is kept", mixinStandardHelpOptions = true)
    static final class Host implements Callable<Integer> {
        @Mixin
        private Connection connection;

        @Override
        public Integer call() {
            JsonNode host = connection.api().get(Api.path("api", "v1", "host"));
            if (connection.isJson()) {
                Output.json(connection, host);
            } else {
                Output.members(connection, host);
            }
            return 0;
        }
    }

    /** Says whether the service is healthy. */
    @Command(description = "Exit with status 0 if the service is ready, for a health check", mixinStandardHelpOptions = true)
    static final class Health implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Option(names = "--live", description = "If it is alive, ready or not")
        private boolean isLive;

        @Override
        public Integer call() throws JsonProcessingException {
            String kind = isLive ? "live" : "ready";
            HttpResponse<String> answer = connection.api().look(Api.path("q", "health", kind));
            if (connection.isJson()) {
                Output.text(connection, answer.body());
            } else {
                Output.text(connection, answer.statusCode() == OK
                        ? kind
                        : "not %s: %s".formatted(kind, failing(answer)));
            }
            return answer.statusCode() == OK ? 0 : 1;
        }

        private static String failing(HttpResponse<String> answer) throws JsonProcessingException {
            List<JsonNode> checks = StreamSupport
                    .stream(Json.MAPPER.readTree(answer.body()).path("checks").spliterator(),
                            false)
                    .filter(check -> !check.path("status").asText().equals("UP")).toList();
            return checks.isEmpty()
                    ? "status " + answer.statusCode()
                    : checks.stream().map(check -> (check.path("name").asText() + " " + check.path("data").toString())
                            .strip()).collect(Collectors.joining("; "));
        }
    }

    /** Shows versions. */
    @Command(description = "Show the version of this command", mixinStandardHelpOptions = true)
    static final class Version implements Callable<Integer> {
        @Mixin
        private Connection connection;

        @Override
        public Integer call() {
            if (connection.isJson()) {
                Build build = Build.read();
                Output.json(connection, Json.MAPPER.createObjectNode().put("version", build.version()).put("commit",
                        build.commit()));
            } else {
                Output.text(connection, new Versions().getVersion()[0]);
            }
            return 0;
        }
    }
}
