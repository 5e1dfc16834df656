package io.clocktower.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The part of cloud-init's user data that the files of {@code deployment/guest} use, applied to a guest that runs. */
record CloudConfig(List<WrittenFile> files, List<String> commands) {

    static final Path DIRECTORY = Path.of(System.getProperty("basedir", "")).toAbsolutePath()
            .resolve("deployment/guest");

    private static final Duration COMMAND = Duration.ofSeconds(120);

    /**
     * @param isDeferred whether the packages are installed before it is written
     */
    record WrittenFile(String path, String content, boolean isDeferred) {}

    static CloudConfig read(String name) {
        Map<?, ?> config = yaml(DIRECTORY.resolve(name));
        return new CloudConfig(((List<?>) config.get("write_files")).stream().map(Map.class::cast)
                .map(file -> new WrittenFile((String) file.get("path"), (String) file.get("content"),
                        Boolean.TRUE.equals(file.get("defer"))))
                .toList(), ((List<?>) config.get("runcmd")).stream().map(String.class::cast).toList());
    }

    private static Map<?, ?> yaml(Path file) {
        try {
            return new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the files, and runs the commands one after the other. cloud-init does not mind if one fails; this does. */
    void apply(GuestVm vm) {
        files.stream().sorted(Comparator.comparing(WrittenFile::isDeferred)).forEach(file -> write(vm, file));
        commands.forEach(command -> run(vm, command, command));
    }

    private static void write(GuestVm vm, WrittenFile file) {
        var content = Base64.getEncoder().encodeToString(file.content().getBytes(StandardCharsets.UTF_8));
        run(vm, file.path(), "mkdir -p $(dirname %s) && echo %s | base64 -d >%s".formatted(file.path(), content,
                file.path()));
    }

    private static void run(GuestVm vm, String what, String command) {
        var output = vm.run(command, COMMAND);
        if (output.status() != 0) {
            throw new IllegalStateException(what + ": " + output.text());
        }
    }
}
