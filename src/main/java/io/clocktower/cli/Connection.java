package io.clocktower.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options of every command that makes a call: where the service is, who calls, and how the answer is shown. */
final class Connection {

    @Option(names = "--url", paramLabel = "URL", defaultValue = "${env:CLOCKTOWER_URL:-http://127.0.0.1:8090}", description = "Where the service is. Default: $CLOCKTOWER_URL, or http://127.0.0.1:8090")
    private URI url;
    @Option(names = "--token-file", paramLabel = "FILE", defaultValue = "${env:CLOCKTOWER_TOKEN_FILE}", description = "File with the bearer token. Default: $CLOCKTOWER_TOKEN_FILE")
    private Path tokenFile;
    @Option(names = "--ca-file", paramLabel = "FILE", description = "File with the certificates (PEM) to trust instead of Java's")
    private Path caFile;
    @Option(names = "--json", description = "Print the answer of the service, JSON")
    private boolean isJson;
    @Spec(Target.MIXEE)
    private CommandSpec command;

    boolean isJson() {
        return isJson;
    }

    Api api() {
        return new Api(url, token(), Optional.ofNullable(caFile));
    }

    PrintWriter out() {
        return command.commandLine().getOut();
    }

    PrintWriter err() {
        return command.commandLine().getErr();
    }

    private Optional<String> token() {
        if (tokenFile == null || tokenFile.toString().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(tokenFile).strip());
        } catch (IOException e) {
            throw new CallException("cannot read the token file " + tokenFile + ": " + reason(e));
        }
    }

    static String reason(Exception failure) {
        return failure instanceof java.nio.file.NoSuchFileException
                ? "there is no such file"
                : failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }
}
