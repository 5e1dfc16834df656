package io.clocktower.cli;

import io.quarkus.runtime.annotations.RegisterForReflection;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * The command {@code clocktower} with all of its sub-commands but those that run the service. The exit status is 0 if the
 * command did what it was to do, 1 if it did not, and 2 if it was not understood.
 */
@Command(name = "clocktower", version = "clocktower", mixinStandardHelpOptions = true, description = {
        "Shows and changes the time of virtual machines.", "",
        "Without a command, or with -Dproperty=value, it starts the service, as 'serve' does."}, synopsisHeading = "Usage: ", commandListHeading = "%nCommands:%n", footer = {
                "", "  serve       Start the service; takes -Dproperty=value",
                "  handover    Hand the connected VMs over to another process of the service", "",
                "Exit status: 0 done, 1 refused or failed, 2 wrong usage. Variables: CLOCKTOWER_URL and",
                "CLOCKTOWER_TOKEN_FILE are the defaults of --url and --token-file."})
@RegisterForReflection(targets = {Cli.class, Connection.class, DeviceCommands.Ls.class, DeviceCommands.Show.class,
        DeviceCommands.Create.class, DeviceCommands.Rm.class, FaultOptions.class, FaultCommands.Offset.class,
        FaultCommands.Inject.class, FaultCommands.Revert.class, FaultCommands.ListFaults.class,
        FaultCommands.Change.class, FaultCommands.Pause.class, FaultCommands.Resume.class,
        AlarmCommands.Alarms.class, AlarmCommands.Expire.class, PlanCommands.class, EventsCommand.class,
        WaitCommand.class, ServiceCommands.Host.class, ServiceCommands.Health.class, ServiceCommands.Version.class,
        Versions.class})
public final class Cli implements Runnable {

    /** Its value looks like an option: {@code -5m}. */
    private static final String OFFSET = "offset";
    /** Only the one that is asked for is made: reading the options of all takes a quarter of the time of a command. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("ls", DeviceCommands.Ls.class);
        COMMANDS.put("show", DeviceCommands.Show.class);
        COMMANDS.put("create", DeviceCommands.Create.class);
        COMMANDS.put("rm", DeviceCommands.Rm.class);
        COMMANDS.put(OFFSET, FaultCommands.Offset.class);
        COMMANDS.put("inject", FaultCommands.Inject.class);
        COMMANDS.put("revert", FaultCommands.Revert.class);
        COMMANDS.put("faults", FaultCommands.ListFaults.class);
        COMMANDS.put("change", FaultCommands.Change.class);
        COMMANDS.put("pause", FaultCommands.Pause.class);
        COMMANDS.put("resume", FaultCommands.Resume.class);
        COMMANDS.put("wait", WaitCommand.class);
        COMMANDS.put("alarms", AlarmCommands.Alarms.class);
        COMMANDS.put("expire", AlarmCommands.Expire.class);
        COMMANDS.put("plan", PlanCommands.class);
        COMMANDS.put("events", EventsCommand.class);
        COMMANDS.put("host", ServiceCommands.Host.class);
        COMMANDS.put("health", ServiceCommands.Health.class);
        COMMANDS.put("version", ServiceCommands.Version.class);
    }

    @Spec
    private CommandSpec spec;

    Cli() {}

    public static void main(String... arguments) {
        System.exit(run(arguments));
    }

    /** Runs one sub-command, and returns its exit status. */
    public static int run(String... arguments) {
        return commandLine(arguments.length == 0 ? "" : arguments[0]).execute(arguments);
    }

    /** The command with the sub-command of that name, or with all of them if no sub-command has that name. */
    private static CommandLine commandLine(String name) {
        var line = new CommandLine(new Cli());
        COMMANDS.forEach((other, command) -> {
            if (!COMMANDS.containsKey(name) || other.equals(name)) {
                line.addSubcommand(other, command);
            }
        });
        line.getCommandSpec().versionProvider(new Versions());
        line.setExecutionExceptionHandler(Cli::failed);
        line.setParameterExceptionHandler(Cli::misused);
        Optional.ofNullable(line.getSubcommands().get(OFFSET)).ifPresent(
                offset -> offset.getCommandSpec().parser().unmatchedOptionsArePositionalParams(true));
        return line;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Prints the script that completes the commands and options of this command in bash or zsh. */
    @Command(name = "completion", description = "Print the script that completes commands and options: source <(clocktower completion bash)", mixinStandardHelpOptions = true)
    int completion(@Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}") Shell shell) {
        PrintWriter out = spec.commandLine().getOut();
        if (shell == Shell.zsh) {
            // bashcompinit, which the script starts, is of compinit.
            out.println("autoload -Uz compinit && compinit");
        }
        out.println(AutoComplete.bash(spec.name(), spec.commandLine()));
        out.flush();
        return CommandLine.ExitCode.OK;
    }

    /** The shells that have completion, as they are written. */
    enum Shell {
        bash, zsh
    }

    private static int failed(Exception failure, CommandLine line, ParseResult result) throws Exception {
        if (!(failure instanceof CallException)) {
            throw failure;
        }
        line.getErr().println("clocktower: " + failure.getMessage());
        line.getErr().flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static int misused(ParameterException failure, String[] arguments) {
        CommandLine line = failure.getCommandLine();
        line.getErr().println("clocktower: " + failure.getMessage());
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(failure, line.getErr())) {
            line.getErr().println("Try '%s --help'.".formatted(line.getCommandSpec().qualifiedName()));
        }
        line.getErr().flush();
        return CommandLine.ExitCode.USAGE;
    }
}
