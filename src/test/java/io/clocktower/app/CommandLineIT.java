package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packaged command line, on the packaged application: what it prints, and its exit status. */
class CommandLineIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_EVERY_MS = 20;

    @TempDir
    private static Path directory;
    private static PackagedApplication application;

    @BeforeAll
    static void start() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), token("ann", "operator") + token("vic", "viewer"));
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.devices.vm0.labels.team", "payments", "clocktower.auth.tokens-file", tokens.toString()));
    }

    /** The name of its owner is the token. */
    private static String token(String name, String role) throws Exception {
        Files.writeString(directory.resolve(name), name + "\n");
        return "%s %s %s\n".formatted(name, role, HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8))));
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    @AfterEach
    void restoreTrueTime() throws Exception {
        done("revert", "vm0", "--all");
    }

    private static Map<String, String> as(String name) {
        return Map.of("CLOCKTOWER_URL", application.root().toString(), "CLOCKTOWER_TOKEN_FILE",
                directory.resolve(name).toString());
    }

    private static CommandLineRun run(String... arguments) throws Exception {
        return CommandLineRun.of(directory, as("ann"), arguments);
    }

    /** What a command prints that does what it is to do. */
    private static String done(String... arguments) throws Exception {
        CommandLineRun run = run(arguments);
        assertEquals(0, run.status(), run::toString);
        assertTrue(run.errors().lines().allMatch(line -> line.startsWith("clocktower: warning: ")), run::errors);
        return run.output();
    }

    private static JsonNode json(String... arguments) throws Exception {
        return new ObjectMapper().readTree(done(arguments));
    }

    @Test
    void aJavaThatIsTooOldIsPassedOverForOneThatIsNot() throws Exception {
        Path old = directory.resolve("java17");
        Path java = Files.writeString(Files.createDirectories(old.resolve("bin")).resolve("java"),
                "#!/bin/sh\nexit 99\n");
        assertTrue(java.toFile().setExecutable(true));
        Files.writeString(old.resolve("release"), "IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\n");
        CommandLineRun run = CommandLineRun.of(directory, Map.of("JAVA_HOME", old.toString(), "PATH",
                Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH")), "version");
        assertEquals(0, run.status(), run::toString);
        assertTrue(run.output().startsWith("clocktower "), run::toString);
    }

    @Test
    void anOffsetIsSetAndShownAndReverted() throws Exception {
        assertTrue(done("offset", "vm0", "-5m", "--for", "10m", "--reason", "CHG-1234")
                .startsWith("Set the offset of vm0 to -PT5M until "));

        assertEquals("-PT5M\n", done("offset", "vm0"));
        assertEquals("-PT5M", json("show", "vm0", "--json").at("/clocks/0/offset").asText());
        String shown = done("show", "vm0");
        assertTrue(shown.contains("\nlabels.team  payments\n") && shown.contains("-PT5M") && shown.contains("CHG-1234")
                && shown.contains("\nDEVICE  CLOCK  TYPE         ENABLED"), shown);
        assertTrue(done("ls").contains("-PT5M(0,1,3)"));
        assertEquals("CHG-1234", json("faults", "vm0", "--json").at("/0/reason").asText());

        assertEquals("vm0 shows true time.\n", done("revert", "vm0", "--all"));
        assertEquals("PT0S\n", done("offset", "vm0"));
    }

    @Test
    void aFaultIsInjectedAndRevertedByItsId() throws Exception {
        String id = json("inject", "vm0", "drift", "ratePpb=-100000", "--clock", "1", "--json").path("id").asText();

        assertEquals(1, json("faults", "vm0", "--json").size());
        assertEquals("Reverted %s of vm0.%n".formatted(id), done("revert", "vm0", id));
        assertEquals(0, json("faults", "vm0", "--json").size());
    }

    @Test
    void aDryRunChangesNothing() throws Exception {
        String preview = done("offset", "vm0", "1h", "--dry-run", "--points", "2", "--over", "10s");

        assertEquals(9, preview.lines().count(), preview);
        assertTrue(preview.lines().skip(5).findFirst().orElse("").matches("PT10S +0 +utc-smeared .* PT1H"), preview);
        assertEquals(0, json("faults", "vm0", "--json").size());
    }

    @Test
    void itWaitsUntilTheGuestHasReadTheFault() throws Exception {
        CommandLineRun without = run("wait", "vm0", "--read");
        assertEquals(new CommandLineRun(1, "", "clocktower: vm0 has no active fault\n"), without);

        done("offset", "vm0", "1h");
        assertEquals(new CommandLineRun(1, "", "clocktower: vm0: still not read: offset after 100ms\n"),
                run("wait", "vm0", "--read", "--timeout", "100ms"));

        try (var guest = new Guest(directory.resolve("vm0.sock"))) {
            done("wait", "vm0", "--connected");
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            assertEquals("The guest of vm0 has read its faults.\n", done("wait", "vm0", "--read"));
        }
    }

    @Test
    void devicesAreCreatedAndRemoved() throws Exception {
        assertEquals("Created vm1, which listens at %s.%n".formatted(directory.resolve("vm1.sock")),
                done("create", "vm1", "--label", "team=search"));
        assertTrue(done("ls", "--label", "team=search").lines().skip(1).allMatch(line -> line.startsWith("vm1 ")));
        assertEquals("Removed vm1.\n", done("rm", "vm1"));
        assertEquals(1, json("ls", "--json").size());
    }

    @Test
    void plansRunAndStop() throws Exception {
        Path plan = Files.writeString(directory.resolve("plan.json"), """
                {"steps": [{"devices": ["vm0"], "fault": {"type": "freeze"}},
                 {"at": "PT1H", "devices": ["vm0"], "fault": {"type": "freeze"}}]}""");

        assertEquals(3, done("plan", "run", plan.toString(), "--dry-run").lines().count());
        String id = json("plan", "run", plan.toString(), "--json").path("id").asText();
        await(() -> isInjected(id));
        assertEquals("Stopped %s: 1 faults reverted, 1 items cancelled.%n".formatted(id), done("plan", "stop", id));
        assertTrue(done("plan", "ls").contains("stopped"));
        assertEquals("Forgot %s.%n".formatted(id), done("plan", "rm", id));
        assertEquals(new CommandLineRun(1, "", "clocktower: There is no such plan (404)\n"), run("plan", "show", id));
    }

    @Test
    void aPlanWithAScheduleWaits() throws Exception {
        Path plan = Files.writeString(directory.resolve("weekly.json"), """
                {"schedule": "0 3 1 1 *", "steps": [{"devices": ["vm0"], "fault": {"type": "freeze"}}]}""");
        String said = done("plan", "run", plan.toString());
        assertTrue(said.matches("Plan p\\d+ waits for its first run at \\d{4}-01-01T03:00:00Z\\.\\R"), said);
        String id = said.split(" ")[1];
        assertTrue(done("plan", "ls").lines().anyMatch(line -> line.startsWith(id + " ") && line.contains("waiting")
                && line.contains("-01-01T03:00:00Z")), () -> "ls");
        done("plan", "stop", id);
        assertEquals("Forgot %s.%n".formatted(id), done("plan", "rm", id));
    }

    private static boolean isInjected(String plan) {
        try {
            return json("plan", "show", plan, "--json").path("injected").asInt() == 1;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eventsArePrintedAndFollowed() throws Exception {
        Path output = directory.resolve("events");
        Process following = CommandLineRun.start(as("vic"), output, directory.resolve("errors"), "events", "--follow",
                "--device", "vm0", "--type", "fault-injected");
        try {
            done("inject", "vm0", "step", "offset=7s");

            await(() -> hasEnded(following)
                    || text(output).contains("  vm0  fault-injected  step, offset PT7S"));
            assertTrue(following.isAlive(), () -> text(directory.resolve("errors")));
            assertTrue(done("events", "--device", "vm0").contains("step, offset PT7S"));
            // The native executable has no such cache.
            assertTrue(
                    PackagedApplication.executable().isPresent()
                            || text(Path.of("/proc/" + following.pid() + "/maps")).contains("/client.aot"),
                    "it starts from its AOT cache");
        } finally {
            following.destroy();
            assertTrue(following.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void theRestOfTheCommands() throws Exception {
        assertTrue(done("alarms").startsWith("DEVICE  CLOCK"));
        assertTrue(done("host").contains("\nclocksource "));
        assertEquals("ready\n", done("health"));
        assertEquals("live\n", done("health", "--live"));
        assertEquals("UP", json("health", "--json").path("status").asText());
        assertTrue(done("version").matches("clocktower \\S+ \\(commit [0-9a-f]{7,}\\)\n"), done("version"));
        assertTrue(done("--help").contains("\n  offset "));
        assertTrue(done("offset", "--help").contains("--reason"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            show vm9                      | 1 | clocktower: There is no device vm9 (404)
            expire vm0 0                  | 1 | clocktower: device vm0: the alarm of clock 0 is not enabled (409)
            offset vm0 5x                 | 1 | clocktower: offset: "5x", expected a duration such as 5m, 50us or PT5M, -292 years to 292 years (400)
            revert vm0 f9                 | 1 | clocktower: Device vm0 has no fault "f9" (404)
            plan run /no/such/file        | 1 | clocktower: cannot read /no/such/file: there is no such file
            ls --url http://127.0.0.1:1   | 1 | clocktower: cannot connect to http://127.0.0.1:1: connection refused; is the service running?
            health --url http://127.0.0.1:1 | 1 | clocktower: cannot connect to http://127.0.0.1:1: connection refused; is the service running?
            ls --url ftp://localhost      | 1 | clocktower: ftp://localhost: not a URL of a service, expected http://HOST:PORT or https://HOST:PORT
            ls --token-file /no/such/file | 1 | clocktower: cannot read the token file /no/such/file: there is no such file
            lss                           | 2 | clocktower: Unmatched argument at index 0: 'lss'
            ls --jsn                      | 2 | clocktower: Unknown option: '--jsn'
            offset vm0 --fro              | 2 | clocktower: --fro: unknown option, or no duration
            wait vm0                      | 2 | clocktower: expected --read, --fault or --connected
            wait vm0 --read --timeout 5   | 2 | clocktower: Invalid value for option '--timeout': "5", expected a duration with units, such as 5m, 1h30m, 500ms, 50us, 2d or PT5M (no months or years)
            revert vm0                    | 2 | clocktower: expected either the id of a fault or --all
            plan                          | 2 | clocktower: a command is missing
            """)
    void whatFailsIsASentenceAndAStatus(String arguments, int status, String sentence) throws Exception {
        CommandLineRun run = run(arguments.split(" "));

        assertEquals(sentence, run.errors().lines().findFirst().orElse(""));
        assertEquals(status, run.status());
        assertEquals("", run.output());
    }

    @Test
    void aViewerMayNotChange() throws Exception {
        CommandLineRun run = CommandLineRun.of(directory, as("vic"), "offset", "vm0", "1h");

        assertEquals(1, run.status());
        assertTrue(run.errors().matches("clocktower: .*\\(403\\)\n"), run::errors);
        assertEquals(0, json("faults", "vm0", "--json").size());
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        Path script = Files.writeString(directory.resolve("completion"), done("completion", "bash"));

        assertEquals(List.of("offset"), complete(script, "clocktower", "off"));
        assertTrue(complete(script, "clocktower", "offset", "--").containsAll(List.of("--for", "--reason", "--json")));
        assertEquals(List.of("run"), complete(script, "clocktower", "plan", "ru"));
        assertTrue(done("completion", "zsh").startsWith("autoload -Uz compinit && compinit\n"));
    }

    private static List<String> complete(Path script, String... words) throws Exception {
        var shell = new ProcessBuilder("bash", "-c", """
                source "$0"
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
                $(complete -p clocktower | sed 's/.*-F \\([^ ]*\\).*/\\1/')
                printf '%s\\n' "${COMPREPLY[@]}"
                """, script.toString());
        shell.command().addAll(List.of(words));
        Process process = shell.redirectErrorStream(true).start();
        return process.inputReader().lines().map(String::strip).toList();
    }

    private static boolean hasEnded(Process process) {
        try {
            return process.waitFor(LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Each look takes its time. */
    private static void await(BooleanSupplier demand) {
        long start = System.nanoTime();
        while (!demand.getAsBoolean()) {
            assertTrue(System.nanoTime() - start < PATIENCE.toNanos(), "it does not happen");
        }
    }
}
