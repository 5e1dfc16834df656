package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What README and docs/control-plane.md tell people to type does what they say: each of their curl commands is run, in
 * their order, against the packaged application with the configuration that the README shows. A command is answered 2xx,
 * or with the status with which its comment begins: {@code # 409 until the guest has enabled it}.
 */
class ReadmeIT {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final List<String> PAGES = List.of("README.md", "docs/control-plane.md");
    private static final String URL = "http://127.0.0.1:8090/";
    /** Fenced as sh, or indented, and of commands from its first line on: nothing else of a page is run. */
    private static final Pattern BLOCK = Pattern.compile(
            "^```sh\n(curl [\\s\\S]*?)^```|(?<=\n\n)((?: {4}curl [^\n]*\n)+)(?=\n)",
            Pattern.MULTILINE);
    private static final Pattern CONFIGURATION = Pattern
            .compile("```yaml\n(clocktower:\n  socket-dir:[\\s\\S]*?)```");
    private static final Pattern REFUSED = Pattern.compile("\\s# ([45]\\d\\d)\\b.*");
    /** In place of curl: adds a command's status to a file, and leaves an event stream after a second. */
    private static final String CURL = """
            set -eu
            curl() {
                local patience=20
                [[ $1 != -N ]] || patience=1
                command curl -s -o /dev/null -w '%{http_code}\\n' --max-time $patience "$@" >>"$STATUSES" || [[ $1 == -N ]]
            }
            TOKEN=some-token
            """;
    private static final int FEW = 40;

    @TempDir
    private Path directory;

    /** A command, and the status that it is to be answered with: one of that hundred, or that very one. */
    private record Command(String text, String expected) {

        static Command of(String line) {
            Matcher refused = REFUSED.matcher(line);
            return new Command(line.strip(), refused.find() ? refused.group(1) : "2..");
        }
    }

    @Test
    void everyCommandIsAnsweredAsThePagesSay() throws Exception {
        Path configuration = Files.writeString(directory.resolve("application.yaml"), configuration());
        try (var application = PackagedApplication.start(directory,
                Map.of("smallrye.config.locations", configuration.toString()))) {
            int count = 0;
            for (String page : PAGES) {
                for (String block : blocks(page)) {
                    count += run(page, block, application);
                }
            }
            assertFalse(count < FEW, count + " commands were found");
        }
    }

    private String configuration() throws IOException {
        Matcher shown = CONFIGURATION.matcher(Files.readString(BASE.resolve("README.md")));
        if (!shown.find()) {
            throw new IllegalStateException("the README shows no configuration");
        }
        return shown.group(1).replace("/run/clocktower", directory.resolve("run").toString());
    }

    private static List<String> blocks(String page) throws IOException {
        return BLOCK.matcher(Files.readString(BASE.resolve(page))).results()
                .map(block -> block.group(1) == null ? block.group(2).indent(-4) : block.group(1)).toList();
    }

    private static boolean isCommand(String line) {
        return line.startsWith("curl ");
    }

    /** Runs a block as a shell does, and says how many commands it has. */
    private int run(String page, String block, PackagedApplication application) throws Exception {
        Path statuses = Files.writeString(directory.resolve("statuses"), "");
        Path output = directory.resolve("output");
        var shell = new ProcessBuilder("bash", "-c", CURL + block.replace(URL, application.root().toString()))
                .redirectErrorStream(true).redirectOutput(output.toFile());
        shell.environment().put("STATUSES", statuses.toString());
        Process process = shell.start();
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        assertEquals(0, process.waitFor(), () -> page + ":\n" + block + read(output));
        List<Command> commands = block.lines().filter(ReadmeIT::isCommand).map(Command::of).toList();
        List<String> answers = Files.readAllLines(statuses);
        assertEquals(commands.size(), answers.size(), page + ":\n" + block);
        List<String> surprises = new ArrayList<>();
        for (int i = 0; i < commands.size(); i++) {
            if (!answers.get(i).matches(commands.get(i).expected())) {
                surprises.add(answers.get(i) + ": " + commands.get(i).text());
            }
        }
        assertEquals(List.of(), surprises, page);
        return commands.size();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
