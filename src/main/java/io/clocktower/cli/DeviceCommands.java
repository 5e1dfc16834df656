package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about devices. */
final class DeviceCommands {

    static final String LABEL = "Only devices with this label; repeat it for devices with all of several";

    private static final List<String> HEAD = List.of("name", "state", "reason", "socket", "labels", "peer",
            "configured", "created");

    private DeviceCommands() {}

    static String device(String name) {
        return Api.path("api", "v1", "devices", name);
    }

    /** Lists devices. */
    @Command(description = "List the devices", mixinStandardHelpOptions = true)
    static final class Ls implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Option(names = "--label", paramLabel = "NAME=VALUE", description = LABEL)
        private List<String> labels;

        @Override
        public Integer call() {
            return Output.list(connection, Api.path("api", "v1", "devices") + Api.query("label", labels));
        }
    }

    /** Shows all of one device. */
    @Command(description = "Show a device: its VM, clocks, faults and alarms", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Parameters(paramLabel = "DEVICE")
        private String name;

        @Override
        public Integer call() {
            Api api = connection.api();
            JsonNode device = api.get(device(name));
            if (connection.isJson()) {
                Output.json(connection, device);
                return 0;
            }
            ObjectNode head = Json.MAPPER.createObjectNode();
            HEAD.stream().filter(device::has).forEach(member -> head.set(member, device.get(member)));
            device.path("warnings").forEach(warning -> head.withArray("warnings")
                    .add(warning.isTextual() ? warning : warning.path("detail")));
            Output.members(connection, head);
            for (String part : List.of("clocks", "faults", "alarms")) {
                connection.out().println();
                Output.text(connection, api.table(device(name) + "/" + part));
            }
            return 0;
        }
    }

    /** Creates a device. */
    @Command(description = "Create a device, with the clocks of a configured one", mixinStandardHelpOptions = true)
    static final class Create implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Parameters(paramLabel = "DEVICE")
        private String name;
        @Option(names = "--label", paramLabel = "NAME=VALUE", description = "A label of the device; may be repeated")
        private Map<String, String> labels = Map.of();

        @Override
        public Integer call() {
            ObjectNode body = Json.MAPPER.createObjectNode().put("name", name);
            ObjectNode given = body.putObject("labels");
            labels.forEach(given::put);
            JsonNode device = connection.api().call("POST", Api.path("api", "v1", "devices"), body);
            return Output.changed(connection, device,
                    "Created %s, which listens at %s.".formatted(name, device.path("socket").asText()));
        }
    }

    /** Removes a device. */
    @Command(description = "Remove a device", mixinStandardHelpOptions = true)
    static final class Rm implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Parameters(paramLabel = "DEVICE")
        private String name;
        @Option(names = "--force", description = "Even if a VM is connected, which then loses its clock until it is restarted")
        private boolean isForced;

        @Override
        public Integer call() {
            return Output.changed(connection,
                    connection.api().call("DELETE", device(name) + (isForced ? "?force=true" : ""), null),
                    "Removed %s.".formatted(name));
        }
    }
}
