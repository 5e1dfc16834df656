package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the packaged application tells someone who looks for a cause at night: its log, and its metrics. */
class AtThreeIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FAULTS = "api/v1/devices/vm0/faults";
    private static final String FREEZE = "{\"type\": \"freeze\"}";

    @TempDir
    private Path directory;

    private PackagedApplication start(Map<String, String> more) {
        Map<String, String> properties = new HashMap<>(more);
        properties.put("clocktower.socket-dir", directory.toString());
        return PackagedApplication.start(directory, properties);
    }

    private static String inject(PackagedApplication application, String body) throws Exception {
        var response = application.send("POST", FAULTS, body);
        assertEquals(201, response.statusCode(), response::body);
        return JSON.readTree(response.body()).path("id").asText();
    }

    @Test
    void faultsThatBeginAndEndByTimeAreInTheLog() throws Exception {
        try (var application = start(Map.of())) {
            String id = inject(application, "{\"type\": \"freeze\", \"after\": \"500ms\", \"duration\": \"500ms\"}");

            application.await(FAULTS, _ -> application.log().contains("vm0: fault %s ended: freeze".formatted(id)));
            assertTrue(application.log().contains("vm0: fault %s began: freeze".formatted(id)), application::log);
        }
    }

    @Test
    void metricsCountCallsRefusalsPlansAndCommands() throws Exception {
        try (var application = start(Map.of())) {
            String id = inject(application, FREEZE);
            assertEquals(200, application.send(FAULTS + "/" + id).statusCode());
            assertEquals(404, application.send(FAULTS + "/none").statusCode());
            assertEquals(404, application.send("nowhere").statusCode());
            assertEquals(403, application.send("DELETE", FAULTS, null, "Origin", "http://evil.example").statusCode());
            assertEquals(201, application.send("POST", "api/v1/plans",
                    "{\"steps\": [{\"devices\": [\"vm0\"], \"fault\": %s}]}".formatted(FREEZE)).statusCode());
            application.await("api/v1/plans", plans -> plans.at("/0/state").asText().equals("completed"));

            String metrics = application.send("metrics").body();

            String calls = "clocktower_http_calls_total{method=\"%s\",route=\"/api/v1/devices/{name}/faults%s\",status=\"%d\",} 1.0";
            for (String line : List.of(calls.formatted("POST", "", 201), calls.formatted("GET", "/{fault}", 200),
                    calls.formatted("GET", "/{fault}", 404),
                    "clocktower_http_calls_refused_total{status=\"403\",} 1.0",
                    "clocktower_plan_items_total{outcome=\"injected\",} 1.0",
                    "clocktower_plan_items_total{outcome=\"failed\",} 0.0", "clocktower_plans_running 0.0",
                    "clocktower_host_clock_steps_total 0.0")) {
                assertTrue(metrics.contains(line + "\n"), () -> line + " is missing in:\n" + metrics);
            }
            assertTrue(Pattern.compile("clocktower_event_loop_commands_total\\{loop=\"0\",} [1-9]").matcher(metrics)
                    .find());
            assertTrue(Pattern.compile("clocktower_build_info\\{commit=\"[0-9a-f]{7,}\"").matcher(metrics).find());
            assertFalse(metrics.contains("nowhere"), "callers name no series");
        }
    }

    @Test
    void theAuditLogIsAlsoForMachines() throws Exception {
        try (var application = start(Map.of("quarkus.log.category.\"io.clocktower.audit.json\".level", "INFO"))) {
            String id = inject(application, FREEZE);

            String category = "[io.cl.au.json] ";
            application.await(FAULTS, _ -> application.log().contains(category));
            String line = application.log().lines().filter(it -> it.contains(category)).findFirst().orElseThrow();
            JsonNode audit = JSON.readTree(line.substring(line.indexOf(category) + category.length()));
            assertEquals("anonymous", audit.path("actor").asText());
            assertEquals("POST", audit.path("action").asText());
            assertEquals("/" + FAULTS, audit.path("path").asText());
            assertEquals(201, audit.path("status").asInt());
            JsonNode change = audit.at("/changes/0");
            assertEquals("vm0", change.path("device").asText());
            assertEquals(id, change.path("fault").asText());
            assertEquals("none", change.path("before").asText());
            assertTrue(change.path("after").asText().startsWith("freeze"), change::toString);
        }
    }

    @Test
    void theLogIsJsonByASwitch() throws Exception {
        try (var application = start(Map.of("quarkus.log.console.json.enabled", "true"))) {
            inject(application, FREEZE);
            application.await(FAULTS, _ -> application.log().contains("io.clocktower.audit"));

            List<String> lines = application.log().lines().toList();
            for (String line : lines.subList(0, lines.size() - 1)) {
                JsonNode entry = JSON.readTree(line);
                assertFalse(entry.path("message").isMissingNode(), line);
                assertFalse(entry.path("level").isMissingNode(), line);
            }
        }
    }
}
