package io.clocktower.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about alarms, which guests set. */
final class AlarmCommands {

    private AlarmCommands() {}

    /** Lists alarms. */
    @Command(description = "List the alarms that guests have set", mixinStandardHelpOptions = true)
    static final class Alarms implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Option(names = "--label", paramLabel = "NAME=VALUE", description = DeviceCommands.LABEL)
        private List<String> labels;
        @Option(names = "--pending", description = "Only those of which the guest is still to be notified")
        private boolean isPending;

        @Override
        public Integer call() {
            String query = Api.query("label", labels);
            return Output.list(connection, Api.path("api", "v1", "alarms") + query
                    + (isPending ? (query.isEmpty() ? "?" : "&") + "pending=true" : ""));
        }
    }

    /** Expires an alarm. */
    @Command(description = "Notify the guest of an alarm now, whatever its time", mixinStandardHelpOptions = true)
    static final class Expire implements Callable<Integer> {
        @Mixin
        private Connection connection;
        @Parameters(index = "0", paramLabel = "DEVICE")
        private String name;
        @Parameters(index = "1", paramLabel = "CLOCK", description = "The id of the alarm's clock")
        private int clock;

        @Override
        public Integer call() {
            return Output.changed(connection, connection.api().call("POST",
                    DeviceCommands.device(name) + Api.path("alarms", Integer.toString(clock), "expire"), null),
                    "Expired the alarm of clock %d of %s.".formatted(clock, name));
        }
    }
}
