package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clocktower.app.ApiDescription.Operation;
import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The native executable answers as the jars do on the JVM, and either goes on from the files that the other has written. */
@EnabledIfSystemProperty(named = "clocktower.executable", matches = ".+")
class NativeComparisonIT {

    /** Reads first, and what takes things away last. */
    private static final List<String> METHODS = List.of("GET", "PUT", "PATCH", "POST", "DELETE");
    private static final Pattern KEY = Pattern.compile("`([a-z][\\w.\\[\\]-]*)`");
    /** The runtimes' own; docs/native.md names those that one of them does not have. */
    private static final Pattern OF_THE_RUNTIME = Pattern.compile("(jvm|process|system|executor|worker)_.*");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path directory;
    private static PackagedApplication onJvm;
    private static PackagedApplication executable;

    @BeforeAll
    static void start() throws Exception {
        Path jars = Files.createDirectory(directory.resolve("jars"));
        onJvm = PackagedApplication.startJars(jars, properties(jars));
        Path file = Files.createDirectory(directory.resolve("executable"));
        executable = PackagedApplication.start(file, properties(file));
    }

    private static Map<String, String> properties(Path directory) {
        return Map.of("clocktower.socket-dir", directory.toString(), "clocktower.shutdown-grace", "0s",
                "clocktower.http.changes-per-second", "0", "clocktower.devices.vm0.labels.team", "payments");
    }

    @AfterAll
    static void stop() {
        executable.close();
        onJvm.close();
        HTTP.close();
    }

    @Test
    void theDescriptionOfTheApiIsTheSame() {
        assertEquals(onJvm.get("q/openapi?format=json"), executable.get("q/openapi?format=json"));
    }

    /** With each example of a body: by status, type and members. */
    @Test
    void everyOperationIsAnsweredAlike() throws Exception {
        List<Operation> operations = ApiDescription.operations(onJvm.get("q/openapi?format=json")).stream()
                .sorted(Comparator.comparing(operation -> METHODS.indexOf(operation.method()))).toList();
        assertTrue(operations.size() > 20, operations::toString);
        for (Operation operation : operations) {
            var bodies = new ArrayList<String>();
            bodies.add(operation.validBody());
            operation.examples().forEach(example -> bodies.add(example.toString()));
            for (String body : bodies) {
                assertEquals(answer(onJvm, operation, body), answer(executable, operation, body),
                        () -> operation + " " + body);
            }
        }
        assertEquals(answer(onJvm, "GET", "no/such/path", null), answer(executable, "GET", "no/such/path", null));
        assertEquals(answer(onJvm, "POST", "api/v1/devices", "{"), answer(executable, "POST", "api/v1/devices", "{"));
    }

    private static String answer(PackagedApplication application, Operation operation, String body) throws Exception {
        return answer(application, operation.method(), operation.path().substring(1), body);
    }

    private static String answer(PackagedApplication application, String method, String path, String body)
            throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response = HTTP.send(HttpRequest.newBuilder(application.root().resolve(path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)).build(),
                BodyHandlers.ofLines());
        String type = response.headers().firstValue("Content-Type").orElse("");
        try (Stream<String> lines = response.body()) {
            return response.statusCode() + " " + type + " "
                    + (type.contains("json") ? shape(JSON.readTree(String.join("\n", lines.toList()))) : "");
        }
    }

    private static Object shape(JsonNode node) {
        if (node.isObject()) {
            // The order of labels is no one's promise.
            var members = new TreeSet<String>();
            node.properties().forEach(member -> members.add(member.getKey() + ": " + shape(member.getValue())));
            return members;
        }
        if (node.isArray()) {
            var elements = new TreeSet<String>();
            node.forEach(element -> elements.add(shape(element).toString()));
            return "list of " + elements;
        }
        return node.getNodeType();
    }

    @Test
    void everySeriesIsOnBothPages() throws Exception {
        assertEquals(series(onJvm, directory.resolve("jars")), series(executable, directory.resolve("executable")));
    }

    /** After a reading of the guest, as some begin with that. */
    private static String series(PackagedApplication application, Path sockets) throws Exception {
        application.send("POST", "api/v1/devices", "{\"name\":\"measured\"}");
        try (var guest = new Guest(sockets.resolve("measured.sock"))) {
            assertEquals(Requests.OK, guest.request(Requests.ofClock(Requests.READ, 0), 16).status());
        }
        var series = new TreeSet<String>();
        application.send("GET", "q/metrics", null, "Accept", "text/plain").body().lines()
                .map(line -> line.startsWith("#") ? line : line.substring(0, line.lastIndexOf(' ')))
                .filter(line -> !OF_THE_RUNTIME.matcher(line.replaceFirst("# \\w+ ", "")).matches())
                .filter(line -> !line.contains("device=") || line.contains("device=\"measured\""))
                .map(line -> line.replaceAll("java=\"[^\"]*\"", "java")).forEach(series::add);
        assertTrue(series.size() > 50, series::toString);
        application.send("DELETE", "api/v1/devices/measured", null);
        return String.join("\n", series);
    }

    /** All keys with a value that none of them takes, and all misspelled, in one start each. */
    @Test
    void everyKeyOfTheConfigurationIsCheckedAlike() throws Exception {
        var wrong = new TreeMap<String, String>();
        var misspelled = new HashMap<String, String>();
        for (String key : keys()) {
            wrong.put("clocktower." + key, "?");
            misspelled.put("clocktower." + key + "x", "?");
        }
        assertTrue(wrong.size() > 25, wrong::toString);
        assertRefusedAlike(wrong);
        assertRefusedAlike(misspelled);
        for (var key : wrong.entrySet()) {
            assertTrue(key.getKey().startsWith("clocktower."), key::toString);
        }
    }

    private static List<String> keys() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("docs", "configuration.md"))) {
            return lines.filter(line -> line.startsWith("| `")).map(KEY::matcher)
                    .flatMap(key -> key.find() ? Stream.of(key.group(1)) : Stream.empty()).filter(key -> !key.isEmpty())
                    .map(key -> key.replaceAll("\\b[A-Z]+\\b", "x").replace("[]", "[0]")).sorted().toList();
        }
    }

    private static void assertRefusedAlike(Map<String, String> properties) {
        End jars = PackagedApplication.refuseJars(directory, properties);
        End file = PackagedApplication.refuse(directory, properties);
        assertEquals(jars.status(), file.status());
        assertEquals(refusal(jars), refusal(file));
        assertTrue(refusal(jars).contains("clocktower."), jars::output);
    }

    private static String refusal(End end) {
        return String.join("\n", end.output().lines().filter(line -> line.startsWith("Clocktower")).sorted().toList());
    }

    @Test
    void eitherGoesOnFromWhatTheOtherHasWritten() throws Exception {
        Path home = Files.createDirectory(directory.resolve("handed"));
        List<JsonNode> before;
        try (var writer = PackagedApplication.startJars(home, properties(home))) {
            makeChanges(writer, "a");
            before = lasting(writer, "a");
        }
        List<JsonNode> more;
        try (var reader = PackagedApplication.start(home, properties(home))) {
            assertEquals(before, lasting(reader, "a"));
            makeChanges(reader, "b");
            more = lasting(reader, "a", "b");
        }
        try (var last = PackagedApplication.startJars(home, properties(home))) {
            assertEquals(more, lasting(last, "a", "b"));
        }
    }

    /** Without what goes on with time. */
    private static List<JsonNode> lasting(PackagedApplication application, String... devices) {
        List<JsonNode> lasting = RestartIT.lasting(application, devices);
        lasting.forEach(node -> node.findParents("servedTime")
                .forEach(clock -> ((ObjectNode) clock).remove(List.of("servedTime", "servedNs"))));
        return lasting;
    }

    /** A device with a fault of each kind, by the examples. */
    private static void makeChanges(PackagedApplication application, String device) throws IOException {
        assertEquals(201, application.send("POST", "api/v1/devices",
                "{\"name\":\"%s\",\"clocks\":[{\"type\":\"utc\",\"alarm\":true},{\"type\":\"tai\"}],\"labels\":{\"a\":\"b\"}}"
                        .formatted(device))
                .statusCode());
        int made = 0;
        for (Operation operation : ApiDescription.operations(application.get("q/openapi?format=json"))) {
            if (operation.method().equals("POST") && operation.template().endsWith("/faults")) {
                for (JsonNode example : operation.examples()) {
                    made += application.send("POST", "api/v1/devices/" + device + "/faults", example.toString())
                            .statusCode() == 201 ? 1 : 0;
                }
            }
        }
        assertTrue(made > 2, made + " faults");
    }
}
