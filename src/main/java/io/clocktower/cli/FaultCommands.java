package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The commands about faults. */
final class FaultCommands {

    private static final String FAULTS = "faults";

    private FaultCommands() {}

    /** Sets an offset, or shows it. */
    @Command(description = {"Set the offset of a device's clocks, or show it.",
            "clocktower offset vm0 -5m --for 10m --reason CHG-1234"}, mixinStandardHelpOptions = true)
    static final class Offset implements Callable<Integer> {
        private static final Pattern DURATION = Pattern.compile("[-+]?[0-9pP].*");
        @Mixin
        private Connection connection;
        @Mixin
        private FaultOptions fault;
        @Spec
        private CommandSpec spec;
        @Parameters(index = "0", paramLabel = "DEVICE")
        private String name;
        @Parameters(index = "1", arity = "0..1", paramLabel = "OFFSET", description = "For example -5m, 1h30m or -PT0.5S; 0s is true time")
        private String offset;

        @Override
        public Integer call() {
            if (name.startsWith("-") || offset != null && !DURATION.matcher(offset).matches()) {
                throw new ParameterException(spec.commandLine(),
                        name.startsWith("-") ? "unknown option " + name : offset + ": unknown option, or no duration");
            }
            String path = DeviceCommands.device(name)
                    + (fault.clock() == null ? "" : Api.path("clocks", fault.clock().toString())) + "/offset";
            Api api = connection.api();
            if (offset == null) {
                JsonNode is = api.get(path);
                return Output.changed(connection, is, is.path("offset").asText());
            }
            JsonNode answer = api.call("PUT", path + fault.query(),
                    fault.addTo(Json.MAPPER.createObjectNode().put("offset", offset)));
            return fault.isDryRun()
                    ? FaultOptions.printPreview(connection, answer)
                    : Output.changed(connection, answer, "Set the offset of %s%s to %s%s.".formatted(name,
                            fault.clock() == null ? "" : ", clock " + fault.clock(), answer.path("offset").asText(),
                            until(answer)));
        }
    }

    /** Injects a fault of any type. */
    @Command(description = {"Inject a fault.",
            "clocktower inject vm0 drift ratePpb=100000 --for 10m"}, mixinStandardHelpOptions = true)
    static final class Inject implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Mixin
        private FaultOptions fault;
        @Parameters(index = "0", paramLabel = "DEVICE")
        private String name;
        @Parameters(index = "1", paramLabel = "TYPE", description = "step, set, drift, slew, freeze, jitter, strobe or leap-second")
        private String type;
        @Parameters(index = "2..*", paramLabel = "MEMBER=VALUE", description = "The members of the type, for example offset=-5m")
        private Map<String, String> members = Map.of();
        @Option(names = "--start", paramLabel = "TIME", description = "When it begins, for example 2030-01-01T00:00:00Z. Default: now")
        private String start;
        @Option(names = "--after", paramLabel = "DURATION", description = "How long from now it begins, instead of --start")
        private String after;

        @Override
        public Integer call() {
            ObjectNode body = Json.MAPPER.createObjectNode().put("type", type);
            members.forEach((member, value) -> body.set(member, value(value)));
            if (fault.clock() != null) {
                body.put("clock", fault.clock());
            }
            if (start != null) {
                body.put("start", start);
            }
            if (after != null) {
                body.put("after", after);
            }
            JsonNode answer = connection.api().call("POST",
                    DeviceCommands.device(name) + "/" + FAULTS + fault.query(), fault.addTo(body));
            return fault.isDryRun()
                    ? FaultOptions.printPreview(connection, answer)
                    : Output.changed(connection, answer, "Injected %s into %s: %s, %s%s.".formatted(
                            answer.path("id").asText(), name, type, answer.path("state").asText(), until(answer)));
        }

        /** A whole number is one in the API, too. */
        private static JsonNode value(String text) {
            return text.matches("-?\\d{1,18}")
                    ? Json.MAPPER.getNodeFactory().numberNode(Long.parseLong(text))
                    : Json.MAPPER.getNodeFactory().textNode(text);
        }
    }

    private static String until(JsonNode fault) {
        return fault.hasNonNull("end") ? " until " + fault.get("end").asText() : "";
    }

    /** Reverts faults. */
    @Command(description = {"Revert faults. True time is back at once.", "clocktower revert vm0 --all",
            "clocktower revert --all --label team=payments"}, mixinStandardHelpOptions = true)
    static final class Revert implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Spec
        private CommandSpec spec;
        @Parameters(index = "0", arity = "0..1", paramLabel = "DEVICE", description = "Default with --all: all devices")
        private String name;
        @Parameters(index = "1", arity = "0..1", paramLabel = "FAULT", description = "The id of the fault")
        private String fault;
        @Option(names = "--all", description = "All faults")
        private boolean isAll;
        @Option(names = "--label", paramLabel = "NAME=VALUE", description = DeviceCommands.LABEL)
        private List<String> labels;
        @Option(names = "--stop-plans", description = "Stop all plans first, which would inject further faults")
        private boolean isStopping;

        @Override
        public Integer call() {
            if (isAll == (fault != null)) {
                throw new ParameterException(spec.commandLine(), "expected either the id of a fault or --all");
            }
            if (name == null) {
                return revertFleet();
            }
            if (labels != null || isStopping) {
                throw new ParameterException(spec.commandLine(), "--label and --stop-plans are for all devices");
            }
            String faults = DeviceCommands.device(name) + "/" + FAULTS;
            JsonNode answer = connection.api().call("DELETE", isAll ? faults : faults + Api.path(fault), null);
            return Output.changed(connection, answer,
                    isAll ? "%s shows true time.".formatted(name) : "Reverted %s of %s.".formatted(fault, name));
        }

        private int revertFleet() {
            String query = Api.query("label", labels);
            JsonNode answer = connection.api().call("DELETE", Api.path("api", "v1", FAULTS) + query
                    + (isStopping ? (query.isEmpty() ? "?" : "&") + "stopPlans=true" : ""), null);
            return Output.changed(connection, answer, "%s devices show true time; %s faults were reverted.".formatted(
                    answer.path("devices").asText(), answer.path("faults").asText()));
        }
    }

    /** Lists faults. */
    @Command(description = "List the faults of a device, or of all", mixinStandardHelpOptions = true)
    static final class ListFaults implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Parameters(arity = "0..1", paramLabel = "DEVICE", description = "Default: all devices")
        private String name;
        @Option(names = "--label", paramLabel = "NAME=VALUE", description = DeviceCommands.LABEL)
        private List<String> labels;

        @Override
        public Integer call() {
            return Output.list(connection, name == null
                    ? Api.path("api", "v1", FAULTS) + Api.query("label", labels)
                    : DeviceCommands.device(name) + "/" + FAULTS);
        }
    }

    static String path(String device, String fault) {
        return DeviceCommands.device(device) + "/" + FAULTS + Api.path(fault);
    }

    /** Changes a fault. */
    @Command(description = "Change how long a fault lasts from its start, or why it is there", mixinStandardHelpOptions = true)
    static final class Change implements Callable<Integer> {
        @Mixin
        private ChosenFault fault;
        @Option(names = "--for", paramLabel = "DURATION", description = "How long it lasts from its start")
        private String duration;
        @Option(names = "--reason", paramLabel = "TEXT", description = "Why")
        private String reason;

        @Override
        public Integer call() {
            ObjectNode body = Json.MAPPER.createObjectNode();
            if (duration != null) {
                body.put("duration", duration);
            }
            if (reason != null) {
                body.put("reason", reason);
            }
            JsonNode answer = fault.call("PATCH", "", body);
            return Output.changed(fault.connection(), answer, "Changed %s%s.".formatted(fault, until(answer)));
        }
    }

    /** Pauses a fault. */
    @Command(description = "Pause a fault: its clocks go on without it, and its duration stands still", mixinStandardHelpOptions = true)
    static final class Pause implements Callable<Integer> {
        @Mixin
        private ChosenFault fault;

        @Override
        public Integer call() {
            return Output.changed(fault.connection(), fault.call("POST", "/pause", null),
                    "Paused %s.".formatted(fault));
        }
    }

    /** Resumes a fault. */
    @Command(description = "Resume a paused fault for the time that was left", mixinStandardHelpOptions = true)
    static final class Resume implements Callable<Integer> {
        @Mixin
        private ChosenFault fault;

        @Override
        public Integer call() {
            JsonNode answer = fault.call("POST", "/resume", null);
            return Output.changed(fault.connection(), answer, "Resumed %s%s.".formatted(fault, until(answer)));
        }
    }
}
