package io.clocktower.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints what happened to devices, and with {@code --follow} what happens. */
@Command(description = "Print what happened to devices", mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {

    private static final String DATA = "data:";

    @Mixin
    private Connection connection;
    @Option(names = {"-f", "--follow"}, description = "Go on, and print each event as it happens")
    private boolean isFollowing;
    @Option(names = "--device", paramLabel = "DEVICE", description = "Only events of this device; may be repeated")
    private List<String> devices;
    @Option(names = "--type", paramLabel = "TYPE", description = "Only events of this type, for example fault-injected; may be repeated")
    private List<String> types;
    @Option(names = "--label", paramLabel = "NAME=VALUE", description = DeviceCommands.LABEL)
    private List<String> labels;

    @Override
    public Integer call() {
        return isFollowing ? follow() : Output.list(connection, path());
    }

    private String path() {
        List<String> parts = new ArrayList<>();
        add(parts, "device", devices);
        add(parts, "type", types);
        add(parts, "label", labels);
        return Api.path("api", "v1", "events") + (parts.isEmpty() ? "" : "?" + String.join("&", parts));
    }

    private static void add(List<String> parts, String name, List<String> values) {
        if (values != null) {
            values.forEach(value -> parts.add(name + "=" + Api.encode(value)));
        }
    }

    /** Until the service ends the stream, which is a failure: there may be more. */
    private int follow() {
        try (var lines = new BufferedReader(new InputStreamReader(
                connection.api().follow(path(), "text/event-stream", "0"), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(DATA)) {
                    print(line.substring(DATA.length()));
                }
            }
        } catch (IOException e) {
            throw new CallException("the connection was lost: " + Connection.reason(e));
        }
        throw new CallException("the service has ended the stream of events");
    }

    private void print(String data) throws JsonProcessingException {
        JsonNode event = Json.MAPPER.readTree(data);
        connection.out().println(connection.isJson() ? data.strip() : text(event));
        connection.out().flush();
    }

    private static String text(JsonNode event) {
        return event.has("missed")
                ? "(%s events are missing)".formatted(event.path("missed").asText())
                : "%s  %s  %s  %s".formatted(event.path("time").asText(), event.path("device").asText("-"),
                        event.path("type").asText(), event.path("detail").asText());
    }
}
