package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What README and the pages of docs tell people to type does what they say. All blocks of a page that are fenced as sh are
 * pasted, in their order and into one shell, against the packaged application as it comes, or with the configuration that
 * the page shows. A call is answered 2xx, or with the status with which its comment begins:
 * {@code # 409 until the guest has enabled it}; a command may also end with the status 1. The page leaves the service as it found it.
 */
class ReadmeIT {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final String URL = "http://127.0.0.1:8090/";
    private static final Pattern BLOCK = Pattern.compile("^```sh\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern CONFIGURATION = Pattern.compile("^```yaml\n(clocktower:\n  socket-dir:.*?)^```$",
            Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern CALL = Pattern.compile("(^|[ (])(curl|clocktower) ");
    private static final Pattern REFUSED = Pattern.compile("\\s# ([45]\\d\\d|1)\\b.*");
    private static final Pattern PROGRAM = Pattern.compile("^ {4}(bin/\\S+)$", Pattern.MULTILINE);
    private static final int README_LINES = 140;

    /** In place of curl, first on the PATH: becomes it, and has it write down the headers of the answer. */
    private static final String CURL = """
            #!/bin/bash
            number=$(printf %03d "$(ls "$ANSWERS" | wc -l)")
            PATH=${PATH#*:}
            exec curl --max-time 20 --dump-header "$ANSWERS/$number" "$@"
            """;
    /** In place of the command line: writes down the status of the answer, or its own exit status. */
    private static final String CLOCKTOWER = """
            #!/bin/bash
            number=$(printf %03d "$(ls "$ANSWERS" | wc -l)")
            "$PROGRAM" "$@" 2>"$ANSWERS/../errors" && status=200 || status=$?
            [[ $(<"$ANSWERS/../errors") =~ \\(([45][0-9][0-9])\\)$ ]] && status=${BASH_REMATCH[1]}
            echo "HTTP/1.1 $status" >"$ANSWERS/$number"
            cat "$ANSWERS/../errors" >&2
            """;
    private static final Pattern STATUS = Pattern.compile("(?m)^HTTP\\S* (\\d+)");

    @TempDir
    private Path directory;
    private Path answers;

    static Stream<String> pages() throws IOException {
        try (Stream<Path> docs = Files.list(BASE.resolve("docs"))) {
            return Stream.concat(Stream.of("README.md"),
                    docs.map(page -> BASE.relativize(page).toString()).filter(page -> page.endsWith(".md")).sorted()
                            .toList().stream())
                    .filter(page -> BLOCK.matcher(read(page)).find());
        }
    }

    @BeforeEach
    void prepare() throws IOException {
        answers = Files.createDirectory(directory.resolve("answers"));
        Files.createDirectory(directory.resolve("bin"));
        install("curl", CURL);
        install("clocktower", CLOCKTOWER);
    }

    private void install(String name, String script) throws IOException {
        Path program = Files.writeString(directory.resolve("bin").resolve(name), script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyLineWorksWhenThePageIsPasted(String page) throws Exception {
        String script = BLOCK.matcher(read(page)).results().map(block -> block.group(1)).collect(Collectors.joining());
        try (var application = PackagedApplication.start(directory, configuration(page))) {
            String before = state(application);

            paste(page, script.replace(URL, application.root().toString()), application.root().toString());

            assertEquals(before, state(application), page + " leaves something behind");
        }
    }

    private Map<String, String> configuration(String page) throws IOException {
        Matcher shown = CONFIGURATION.matcher(read(page));
        String sockets = directory.resolve("run").toString();
        if (!shown.find()) {
            return Map.of("clocktower.socket-dir", sockets);
        }
        Path file = Files.writeString(directory.resolve("application.yaml"),
                shown.group(1).replace("/run/clocktower", sockets));
        return Map.of("smallrye.config.locations", file.toString());
    }

    /** All that calls can change. */
    private static String state(PackagedApplication application) {
        StringBuilder state = new StringBuilder();
        for (JsonNode device : application.get("api/v1/devices")) {
            state.append(device.path("name")).append(device.path("labels")).append(device.path("crossTimestamps"))
                    .append(application.get("api/v1/devices/" + device.path("name").asText() + "/faults"));
        }
        return state.append(application.get("api/v1/plans")).toString();
    }

    private void paste(String page, String script, String url) throws Exception {
        Path output = directory.resolve("output");
        var shell = new ProcessBuilder("bash", "-u").redirectErrorStream(true).redirectOutput(output.toFile());
        shell.environment().put("ANSWERS", answers.toString());
        shell.environment().put("PROGRAM", PackagedApplication.PROGRAM.toString());
        shell.environment().put("JAVA_HOME", System.getProperty("java.home"));
        shell.environment().put("CLOCKTOWER_URL", url);
        shell.environment().merge("PATH", directory.resolve("bin") + ":", (path, first) -> first + path);
        Process process = shell.start();
        try (var input = process.outputWriter()) {
            input.write(script);
        }
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        List<String> calls = script.lines().filter(line -> CALL.matcher(line).find()).toList();
        List<String> statuses = statuses();
        assertEquals(calls.size(), statuses.size(), () -> page + ": " + read(output));
        assertEquals(List.of(), IntStream.range(0, calls.size())
                .filter(i -> !statuses.get(i).matches(expected(calls.get(i))))
                .mapToObj(i -> statuses.get(i) + ": " + calls.get(i)).toList(), () -> page + ": " + read(output));
    }

    /** Of all answers, in the order of the calls; empty where there was none. */
    private List<String> statuses() throws IOException {
        try (Stream<Path> headers = Files.list(answers)) {
            return headers.sorted().map(ReadmeIT::read).map(text -> STATUS.matcher(text).results()
                    .map(status -> status.group(1)).reduce("", (first, last) -> last)).toList();
        }
    }

    private static String expected(String line) {
        Matcher refused = REFUSED.matcher(line);
        return refused.find() ? refused.group(1) : "2..";
    }

    @Test
    void theReadmeIsShortAndItsCommandsAreThere() {
        String readme = read("README.md");
        List<String> programs = PROGRAM.matcher(readme).results().map((MatchResult line) -> line.group(1)).toList();

        assertTrue(readme.lines().count() <= README_LINES, readme.lines().count() + " lines");
        assertEquals(List.of("bin/demo", "bin/test", "bin/clocktower"), programs);
        programs.forEach(program -> assertTrue(Files.isExecutable(BASE.resolve(program)), program));
    }

    /** Of other pages and of files. */
    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        Pattern link = Pattern.compile("]\\(([^):#]+)(#[^)]*)?\\)");
        for (String page : List.of("README.md", "CONTRIBUTING.md", "docs", "deployment/qemu.md")) {
            try (Stream<Path> files = Files.walk(BASE.resolve(page))) {
                for (Path file : files.filter(file -> file.toString().endsWith(".md")).toList()) {
                    List<String> broken = link.matcher(Files.readString(file)).results().map(target -> target.group(1))
                            .filter(target -> !Files.exists(file.resolveSibling(target))).toList();
                    assertEquals(List.of(), broken, file.toString());
                }
            }
        }
        assertFalse(link.matcher(read("README.md")).results().toList().isEmpty());
    }

    private static String read(String page) {
        return read(BASE.resolve(page));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
