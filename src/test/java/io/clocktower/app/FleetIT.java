package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** True time for all devices at once, and changes of faults that run, in the packaged application. */
class FleetIT {

    private static final String FAULTS = "api/v1/faults";
    private static final String VM0 = "api/v1/devices/vm0/faults";
    private static final String STEP = "{\"type\": \"step\", \"offset\": \"1h\"}";

    @TempDir
    private Path directory;
    private PackagedApplication application;

    @BeforeEach
    void start() {
        Map<String, String> properties = new HashMap<>(Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.devices.vm9.labels.team", "search"));
        for (int i = 0; i < 3; i++) {
            properties.put("clocktower.devices.vm" + i + ".labels.team", "payments");
        }
        application = PackagedApplication.start(directory, properties);
    }

    @AfterEach
    void stop() {
        application.close();
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        return application.send(method, path, body);
    }

    private JsonNode answered(int status, String method, String path, String body) throws Exception {
        HttpResponse<String> response = send(method, path, body);
        assertEquals(status, response.statusCode(), response::body);
        return new ObjectMapper().readTree(response.body());
    }

    private void injectEverywhere() throws Exception {
        for (JsonNode device : application.get("api/v1/devices")) {
            answered(201, "POST", "api/v1/devices/" + device.path("name").asText() + "/faults", STEP);
        }
    }

    @Test
    void trueTimeIsRestoredByLabelAndEverywhere() throws Exception {
        injectEverywhere();
        answered(201, "POST", VM0, STEP);
        assertEquals(5, application.get(FAULTS).size());
        assertEquals(4, application.get(FAULTS + "?label=team=payments").size());

        JsonNode byLabel = answered(200, "DELETE", FAULTS + "?label=team=payments", null);
        assertEquals(3, byLabel.path("devices").asInt());
        assertEquals(3, byLabel.path("reverted").asInt());
        assertEquals(4, byLabel.path("faults").asInt());
        assertEquals("vm9", application.get(FAULTS).at("/0/device").asText());

        assertEquals(4, answered(200, "DELETE", FAULTS, null).path("devices").asInt());
        assertEquals(0, application.get(FAULTS).size());
        assertEquals(0, answered(200, "DELETE", FAULTS, null).path("faults").asInt());
        assertEquals("No device has team=paymnts.",
                answered(404, "DELETE", FAULTS + "?label=team=paymnts", null).path("detail").asText());
    }

    /** In place of a full disk: the directory of the state is a file. */
    @Test
    void trueTimeIsRestoredAlsoIfTheDiskCannotBeWritten() throws Exception {
        injectEverywhere();
        Path state = directory.resolve("state");
        Path kept = directory.resolve("kept");
        Files.move(state, kept);
        Files.createFile(state);
        try {
            JsonNode answer = answered(200, "DELETE", FAULTS, null);

            assertEquals(4, answer.path("reverted").asInt());
            assertEquals(4, answer.path("warnings").size(), answer::toString);
            assertTrue(answer.at("/warnings/0").asText().startsWith("vm0: The faults are reverted, but this is not on"
                    + " disk yet: "), answer::toString);
            assertEquals(0, application.get(FAULTS).size());
        } finally {
            Files.delete(state);
            Files.move(kept, state);
        }
    }

    @Test
    void plansGoOnUnlessTheyAreStoppedToo() throws Exception {
        String id = answered(201, "POST", "api/v1/plans", """
                {"steps": [{"at": "PT1H", "devices": ["vm0"], "fault": {"type": "freeze"}}]}""").path("id").asText();

        assertEquals("Plan %s is running, and may inject further faults.".formatted(id),
                answered(200, "DELETE", FAULTS, null).at("/warnings/0").asText());
        JsonNode answer = answered(200, "DELETE", FAULTS + "?stopPlans=true", null);
        assertEquals(id, answer.at("/stoppedPlans/0").asText());
        assertTrue(answer.path("warnings").isMissingNode());
        assertEquals("stopped", application.get("api/v1/plans/" + id).path("state").asText());
    }

    @Test
    void aFaultThatRunsIsChangedPausedAndResumed() throws Exception {
        JsonNode fault = answered(201, "POST", VM0, """
                {"type": "step", "offset": "1h", "start": "now", "duration": "10m", "onBehalfOf": "bob"}""");
        String path = VM0 + "/" + fault.path("id").asText();
        assertEquals("anonymous", fault.path("author").asText());
        assertEquals("bob", fault.path("onBehalfOf").asText());

        JsonNode longer = answered(200, "PATCH", path, "{\"duration\": \"20m\", \"reason\": \"CHG-2\"}");
        assertEquals("PT20M", longer.path("duration").asText());
        assertEquals("CHG-2", longer.path("reason").asText());
        assertEquals(fault.path("start"), longer.path("start"));

        assertEquals("paused", answered(200, "POST", path + "/pause", null).path("state").asText());
        assertEquals("PT0S", offset());
        assertEquals(404, send("POST", VM0 + "/none/pause", null).statusCode());
        JsonNode resumed = answered(200, "POST", path + "/resume", null);
        assertEquals("active", resumed.path("state").asText());
        assertEquals("PT1H", offset());
        assertEquals(409, send("POST", path + "/resume", null).statusCode());
        assertEquals(400, send("PATCH", path, "{}").statusCode());
        assertEquals(422, send("PATCH", path, "{\"duration\": \"1ns\"}").statusCode());
        assertEquals(404, send("PATCH", VM0 + "/none", "{\"reason\": \"x\"}").statusCode());
    }

    /** It stays paused, with what was left of its duration. */
    @Test
    void aPausedFaultSurvivesARestart() throws Exception {
        JsonNode fault = answered(201, "POST", VM0, """
                {"type": "step", "offset": "1h", "duration": "10m", "onBehalfOf": "bob"}""");
        String path = VM0 + "/" + fault.path("id").asText();
        JsonNode paused = answered(200, "POST", path + "/pause", null);

        stop();
        start();

        assertEquals(paused, application.get(path));
        assertEquals("PT0S", offset());
        assertEquals("active", answered(200, "POST", path + "/resume", null).path("state").asText());
    }

    private String offset() {
        return application.get("api/v1/devices/vm0/clocks/0").path("offset").asText();
    }

    @Test
    void aFaultBeginsAfterATime() throws Exception {
        JsonNode fault = answered(201, "POST", VM0, "{\"type\": \"freeze\", \"after\": \"PT1H\"}");

        assertEquals("pending", fault.path("state").asText());
        assertEquals(400, send("POST", "api/v1/plans",
                "{\"steps\": [{\"devices\": [\"vm0\"], \"fault\": {\"type\": \"freeze\", \"after\": \"5s\"}}]}")
                .statusCode());
    }

    @Test
    void theCommandLineDoesTheSame() throws Exception {
        Map<String, String> environment = Map.of("CLOCKTOWER_URL", application.root().toString());
        injectEverywhere();
        String id = application.get(VM0).at("/0/id").asText();

        assertEquals(new CommandLineRun(0, "Paused %s of vm0.%n".formatted(id), ""),
                CommandLineRun.of(directory, environment, "pause", "vm0", id));
        assertEquals(new CommandLineRun(0, "Resumed %s of vm0.%n".formatted(id), ""),
                CommandLineRun.of(directory, environment, "resume", "vm0", id));
        assertTrue(CommandLineRun.of(directory, environment, "change", "vm0", id, "--for", "1h").output()
                .startsWith("Changed %s of vm0 until ".formatted(id)));
        assertEquals(5, CommandLineRun.of(directory, environment, "faults").output().lines().count());
        assertEquals(new CommandLineRun(0, "3 devices show true time; 3 faults were reverted.\n", ""),
                CommandLineRun.of(directory, environment, "revert", "--all", "--label", "team=payments"));
        assertEquals(new CommandLineRun(0, "4 devices show true time; 1 faults were reverted.\n", ""),
                CommandLineRun.of(directory, environment, "revert", "--all", "--stop-plans"));
    }
}
