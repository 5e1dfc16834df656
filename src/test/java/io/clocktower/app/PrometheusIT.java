package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.setup.SetUp;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of the packaged application, its rules and its dashboard, before a real Prometheus. */
class PrometheusIT {

    private static final SetUp TOOLS = new SetUp("src/test/prometheus/set-up", "Prometheus cannot be run");
    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final Path RULES = BASE.resolve("deployment/prometheus");
    private static final Path DASHBOARD = BASE.resolve("deployment/grafana/clocktower.json");
    private static final Path PAGE = BASE.resolve("docs/metrics.md");
    private static final Pattern DOCUMENTED = Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| (.*?) \\|.*");
    private static final Pattern METRIC = Pattern.compile("\\b[\\w:]*(clocktower|process|jvm)_[\\w:]+");
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int CLOCKS = 4;
    private static final int ALARM_ENABLED = 1;
    /** What Grafana makes of a variable for all of its values, and of the interval at the scrapes of this test. */
    private static final Map<String, String> VARIABLES = Map.of("$instance", ".*", "$device", ".*", "$__rate_interval",
            "5s");

    @TempDir
    private static Path directory;
    private static Map<String, Path> tools;
    private static PackagedApplication application;
    private static Guest guest;
    private static Alarmq alarmq;
    private static Prometheus prometheus;

    @BeforeAll
    static void start() throws Exception {
        tools = TOOLS.require();
        Path socket = directory.resolve("vm0.sock");
        application = PackagedApplication.start(directory, Map.of("clocktower.devices.vm0.socket", socket.toString(),
                "clocktower.devices.idle.socket", directory.resolve("idle.sock").toString(),
                "clocktower.webhooks.nobody.url", "http://127.0.0.1:9/", "quarkus.http.ssl-port", "0",
                "quarkus.tls.key-store.p12.path", new KeyStores(directory).key("server", "CN=localhost").toString(),
                "quarkus.tls.key-store.p12.password", KeyStores.PASSWORD));
        prometheus = Prometheus.start(tools.get("prometheus"), configuration(), directory);
        guest = new Guest(socket, Guest.FEATURES | Alarmq.F_ALARM, 256, 0);
        alarmq = new Alarmq(guest);
        alarmq.makeAvailable();
        assertEquals(OK, guest.request(setAlarm(0, 1, ALARM_ENABLED), 8).status());
        assertEquals(0, alarmq.awaitNotification());
        assertEquals(404, application.send("api/v1/devices;x").statusCode());
        prometheus.await("clocktower_http_calls_refused_total > 0");
        readUntilThereAreRates();
    }

    /** The example, with this application for the target and times as short as a test's. */
    private static Path configuration() throws Exception {
        String example = Files.readString(RULES.resolve("scrape.yaml"));
        String configuration = example.replace("127.0.0.1:8090", application.root().getAuthority())
                .replace("_interval: 15s", "_interval: 500ms")
                .replace("- clocktower-rules.yaml", "- " + RULES.resolve("clocktower-rules.yaml"));
        assertFalse(configuration.contains("15s") || configuration.contains("8090"), configuration);
        return Files.writeString(directory.resolve("prometheus.yaml"), configuration);
    }

    /** A rate takes two scrapes, and readings between them. */
    private static void readUntilThereAreRates() throws Exception {
        readAll();
        prometheus.await("clocktower_clock_reads_total{clock=\"3\"} > 0");
        readAll();
        prometheus.await("rate(clocktower_clock_reads_total{clock=\"3\"}[5s]) > 0");
        prometheus.await("job_instance_device:clocktower_request_duration_seconds:p99_5m > 0");
    }

    private static void readAll() {
        for (int id = 0; id < CLOCKS; id++) {
            assertEquals(OK, guest.request(ofClock(READ, id), 16).status());
        }
    }

    @AfterAll
    static void stop() throws Exception {
        for (AutoCloseable closeable : new AutoCloseable[]{prometheus, alarmq, guest, application}) {
            if (closeable != null) {
                closeable.close();
            }
        }
    }

    @Test
    void promtoolHasNothingToSayAgainstTheMetrics() throws Exception {
        Path scrape = Files.writeString(directory.resolve("scrape"), scrape("text/plain"));
        assertEquals("", promtool(scrape, "check", "metrics"));
    }

    @Test
    void whoeverTakesAnythingGetsOpenMetrics() throws Exception {
        String metrics = scrape("*/*");
        assertTrue(metrics.contains("# TYPE clocktower_requests counter\n"), metrics);
        assertTrue(metrics.endsWith("# EOF\n"), metrics);
    }

    private static String scrape(String format) throws Exception {
        URI metrics = application.root().resolve("q/metrics");
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(metrics).header("Accept", format).build(), BodyHandlers.ofString())
                    .body();
        }
    }

    /** Every metric of the page, with the labels that it names. */
    @Test
    void everyDocumentedMetricIsScraped() throws Exception {
        List<String> missing = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE)) {
            Matcher metric = DOCUMENTED.matcher(line);
            if (metric.matches()) {
                String name = metric.group(1) + (metric.group(2).equals("histogram") ? "_bucket" : "");
                String labels = metric.group(3).isBlank()
                        ? ""
                        : List.of(metric.group(3).split(", ")).stream().map(label -> label.replace("`", "") + "!=\"\"")
                                .collect(Collectors.joining(", "));
                if (prometheus.query("%s{%s}".formatted(name, labels)).isEmpty()) {
                    missing.add(line);
                }
            }
        }
        assertEquals(List.of(), missing);
    }

    @Test
    void theRulesAreSoundAndPassTheirTests() throws Exception {
        promtool(null, "check", "config", "scrape.yaml");
        promtool(null, "check", "rules", "clocktower-rules.yaml");
        promtool(null, "test", "rules", "clocktower-rules-test.yaml");
    }

    @Test
    void everyRuleIsEvaluatedOnMetricsThatThereAre() throws Exception {
        Set<String> there = names();
        List<String> faults = new ArrayList<>();
        int rules = 0;
        for (JsonNode group : prometheus.get("api/v1/rules").at("/data/groups")) {
            for (JsonNode rule : group.path("rules")) {
                rules++;
                if (!rule.path("health").asText().equals("ok")) {
                    faults.add(rule.path("name").asText() + " is " + rule);
                }
                String query = rule.path("query").asText();
                prometheus.query(query);
                METRIC.matcher(query).results().map(found -> found.group()).filter(name -> !there.contains(name))
                        .forEach(name -> faults.add(rule.path("name").asText() + " has no metric " + name));
            }
        }
        assertTrue(rules > 0);
        assertEquals(List.of(), faults);
    }

    private static Set<String> names() throws Exception {
        Set<String> names = new TreeSet<>();
        prometheus.get("api/v1/label/__name__/values").path("data").forEach(name -> names.add(name.asText()));
        return names;
    }

    @Test
    void everyQueryOfTheDashboardHasAnAnswer() throws Exception {
        List<String> faults = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            String title = panel.path("title").asText();
            for (JsonNode target : panel.path("targets")) {
                String expression = substituted(target.path("expr").asText());
                if (expression.contains("$") || !isAnswered(expression)) {
                    faults.add(title + ": " + expression);
                }
            }
            if (!panel.path("type").asText().equals("row") && (panel.path("targets").isEmpty()
                    || panel.path("description").asText().isEmpty()
                    || panel.at("/fieldConfig/defaults/unit").asText().isEmpty())) {
                faults.add(title + " has no query, no description or no unit");
            }
        }
        assertEquals(List.of(), faults);
    }

    /** A rate has an answer only while there are readings. */
    private static boolean isAnswered(String expression) throws Exception {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (prometheus.query(expression).isEmpty()) {
            if (System.nanoTime() > endNs) {
                return false;
            }
            readAll();
        }
        return true;
    }

    /** Grafana asks for the values of a label of some series. */
    @Test
    void everyVariableOfTheDashboardHasValues() throws Exception {
        Pattern labelValues = Pattern.compile("label_values\\((.*), (\\w+)\\)");
        List<String> variables = StreamSupport.stream(dashboard().at("/templating/list").spliterator(), false)
                .filter(variable -> variable.path("type").asText().equals("query"))
                .map(variable -> variable.path("definition").asText()).toList();
        assertFalse(variables.isEmpty());
        for (String variable : variables) {
            Matcher query = labelValues.matcher(substituted(variable));
            assertTrue(query.matches(), variable);
            assertFalse(prometheus.query("count by (%s) (%s)".formatted(query.group(2), query.group(1))).isEmpty(),
                    variable);
        }
    }

    private static JsonNode dashboard() throws Exception {
        return new ObjectMapper().readTree(DASHBOARD.toFile());
    }

    private static String substituted(String expression) {
        String substituted = expression;
        for (var variable : VARIABLES.entrySet()) {
            substituted = substituted.replace(variable.getKey(), variable.getValue());
        }
        return substituted;
    }

    /** Runs promtool, which must succeed, and answers what it says. */
    private static String promtool(Path input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(tools.get("promtool").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(RULES.toFile()).redirectErrorStream(true);
        if (input != null) {
            builder.redirectInput(input.toFile());
        }
        var process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + said);
        return said;
    }
}
