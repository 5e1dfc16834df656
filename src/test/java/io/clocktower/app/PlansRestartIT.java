package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans of the packaged application, which is killed and started again. */
class PlansRestartIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PLANS = "api/v1/plans";

    @TempDir
    private Path directory;

    private PackagedApplication start() {
        return PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.resolve("run").toString(),
                "clocktower.devices.vm0.labels.team", "payments", "clocktower.devices.vm1.labels.team", "payments"));
    }

    private static JsonNode post(PackagedApplication application, String plan) throws Exception {
        var response = application.send("POST", PLANS, plan.replace('\'', '"'));
        assertEquals(201, response.statusCode(), response.body());
        return JSON.readTree(response.body());
    }

    @Test
    void plansSurviveAKillWithTheirProgress() throws Exception {
        String id;
        String weekly;
        String fault;
        JsonNode next;
        try (PackagedApplication application = start()) {
            id = post(application, """
                    {'name':'rehearsal','seed':42,'steps':[
                     {'devices':['vm0'],'fault':{'type':'step','offset':'PT1H','duration':'PT10M'}},
                     {'at':'PT2H','label':['team=payments'],
                      'fault':{'type':'step','offset':'PT1M','duration':'PT10M'}}]}""").path("id").asText();
            JsonNode waiting = post(application, """
                    {'name':'weekly','schedule':'0 3 * * 1','timeZone':'Europe/Berlin','until':'2199-12-31T00:00:00Z',
                     'steps':[{'devices':['vm1'],'fault':{'type':'step','offset':'-PT5M','duration':'PT10M'}}]}""");
            weekly = waiting.path("id").asText();
            assertEquals("waiting", waiting.path("state").asText());
            assertEquals(0, waiting.path("occurrences").asInt());
            next = waiting.path("next");
            fault = application.await(PLANS + "/" + id, plan -> plan.path("injected").asInt() == 1)
                    .at("/items/0/fault").asText();
            application.signal("KILL");
            application.awaitEnd();
        }
        try (PackagedApplication application = start()) {
            JsonNode plan = application.get(PLANS + "/" + id);
            assertEquals("running", plan.path("state").asText());
            assertEquals("rehearsal", plan.path("name").asText());
            assertEquals(1, plan.path("injected").asInt(), plan::toString);
            assertEquals(2, plan.path("pending").asInt());
            assertEquals(1, plan.path("active").asInt());
            assertEquals(fault, plan.at("/items/0/fault").asText());
            JsonNode waiting = application.get(PLANS + "/" + weekly);
            assertEquals("waiting", waiting.path("state").asText());
            assertEquals(next, waiting.path("next"));
            assertEquals("Europe/Berlin", waiting.path("timeZone").asText());

            var stopped = JSON.readTree(application.send("POST", PLANS + "/" + id + "/stop", null).body());
            assertEquals(1, stopped.path("reverted").asInt(), stopped::toString);
            assertEquals(2, stopped.path("cancelled").asInt());
            assertEquals("PT0S", application.get("api/v1/devices/vm0").at("/clocks/0/offset").asText());
            assertEquals(204, application.send("DELETE", PLANS + "/" + weekly, null).statusCode());
            assertEquals("p3", post(application, "{'steps':[{'at':'PT1H','devices':['vm0'],"
                    + "'fault':{'type':'step','offset':'PT1M'}}]}").path("id").asText());
        }
        assertTrue(Files.exists(directory.resolve("state/p1.plan")));
        try (PackagedApplication application = start()) {
            JsonNode plans = application.get(PLANS);
            assertEquals(2, plans.size(), plans::toString);
            assertEquals("stopped", plans.get(0).path("state").asText());
            assertEquals("p3", plans.get(1).path("id").asText());
            assertEquals("running", plans.get(1).path("state").asText(), "also after SIGTERM");
        }
    }
}
