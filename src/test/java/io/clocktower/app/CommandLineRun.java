package io.clocktower.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of the packaged command line.
 *
 * @param status its exit status
 */
public record CommandLineRun(int status, String output, String errors) {

    private static final long PATIENCE_S = 60;

    /** Runs it to its end. */
    public static CommandLineRun of(Path directory, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory, "command", ".out");
        Path errors = Files.createTempFile(directory, "command", ".err");
        Process process = start(environment, output, errors, arguments);
        if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("%s does not end: %s".formatted(List.of(arguments),
                    Files.readString(output) + Files.readString(errors)));
        }
        return new CommandLineRun(process.exitValue(), Files.readString(output), Files.readString(errors));
    }

    /** Starts it, and does not wait for its end. */
    static Process start(Map<String, String> environment, Path output, Path errors, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(
                List.of(PackagedApplication.PROGRAM.toString()));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        process.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process.environment().putAll(environment);
        return process.start();
    }
}
