package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator sees of plans, of the packaged application. */
class PlansServiceIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PLANS = "api/v1/plans";
    private static final String HOUR = "{'type':'step','offset':'PT1H','duration':'PT10M'}";
    /** Nothing short of an error makes a step that is due this late come meanwhile. */
    private static final String LATER = "PT1H";

    @TempDir
    private static Path directory;
    private static PackagedApplication application;

    @BeforeAll
    static void start() {
        application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString(),
                        "clocktower.devices.vm0.labels.team", "payments",
                        "clocktower.devices.vm0.labels.tier", "1",
                        "clocktower.devices.vm1.labels.team", "payments",
                        "clocktower.devices.vm2.labels.team", "search"));
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    /** Also demands that no test leaves a fault that its plan injected. */
    @AfterEach
    void forget() throws Exception {
        for (JsonNode plan : application.get(PLANS)) {
            String path = PLANS + "/" + plan.path("id").asText();
            application.send("POST", path + "/stop", null);
            assertEquals(204, application.send("DELETE", path, null).statusCode());
        }
        for (String device : new String[]{"vm0", "vm1", "vm2"}) {
            assertEquals("PT0S", offsetOf(device));
        }
    }

    private static HttpResponse<String> post(String query, String body) throws Exception {
        return application.send("POST", PLANS + query, body.replace('\'', '"'));
    }

    private static JsonNode answered(int status, HttpResponse<String> response) throws Exception {
        assertEquals(status, response.statusCode(), response.body());
        return JSON.readTree(response.body());
    }

    private static String offsetOf(String device) {
        return application.get("api/v1/devices/" + device).at("/clocks/0/offset").asText();
    }

    private static JsonNode await(String id, Predicate<JsonNode> demand) {
        return application.await(PLANS + "/" + id, demand);
    }

    @Test
    void aPlanRunsToItsEndAndItsEffectIsSeen() throws Exception {
        var response = post("", """
                {'name':'rehearsal','seed':42,'steps':[
                  {'label':['team=payments'],'fault':%s},
                  {'at':'PT0.5S','devices':['vm2'],'fault':{'type':'step','offset':'-PT5M','duration':'PT1S'}}]}
                """.formatted(HOUR));
        JsonNode started = answered(201, response);
        String id = started.path("id").asText();

        assertEquals(application.root() + PLANS + "/" + id, response.headers().firstValue("Location").orElseThrow());
        assertEquals("running", started.path("state").asText());
        assertEquals("rehearsal", started.path("name").asText());
        assertEquals(42, started.path("seed").asLong());
        assertEquals(3, started.path("total").asInt());
        assertEquals("PT0.5S", started.at("/items/2/at").asText());

        await(id, plan -> plan.path("injected").asInt() >= 2);
        assertEquals("PT1H", offsetOf("vm0"));
        assertEquals("PT1H", offsetOf("vm1"));
        JsonNode completed = await(id, plan -> plan.path("state").asText().equals("completed"));
        JsonNode last = completed.at("/items/2");
        Duration late = Duration.between(Instant.parse(last.path("due").asText()),
                Instant.parse(last.path("injected").asText()));
        assertTrue(!late.isNegative() && late.toSeconds() < 5, late::toString);
        assertEquals(3, completed.path("injected").asInt());
        assertEquals(0, completed.path("failed").asInt());
        JsonNode fault = application.get("api/v1/devices/vm0/faults").get(0);
        assertEquals(completed.at("/items/0/fault").asText(), fault.path("id").asText());
        assertEquals("anonymous", fault.path("author").asText());
        assertEquals(id, fault.path("plan").asText());
        assertEquals("rehearsal", fault.path("reason").asText());

        await(id, plan -> plan.path("active").asInt() == 2);
        assertEquals("PT0S", offsetOf("vm2"));
        JsonNode stopped = answered(200, application.send("POST", PLANS + "/" + id + "/stop", null));
        assertEquals("completed", stopped.path("state").asText());
        assertEquals(0, stopped.path("active").asInt());
        assertEquals(2, stopped.path("reverted").asInt());
    }

    @Test
    void stoppedItRestoresWhatItChangedAndNothingElse() throws Exception {
        assertEquals(200, application.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"PT1M\"}").statusCode());
        String id = answered(201, post("", """
                {'steps':[{'label':['team=payments'],'fault':%s},{'at':'%s','label':['team=payments'],'fault':%s}]}
                """.formatted(HOUR, LATER, HOUR))).path("id").asText();
        await(id, plan -> plan.path("injected").asInt() == 2);
        assertEquals("PT1H1M", offsetOf("vm0"));

        JsonNode stopped = answered(200, application.send("POST", PLANS + "/" + id + "/stop", null));
        assertEquals("stopped", stopped.path("state").asText());
        assertEquals(2, stopped.path("reverted").asInt());
        assertEquals(0, stopped.path("pending").asInt());
        assertEquals(2, stopped.path("cancelled").asInt());
        assertEquals("PT1M", offsetOf("vm0"));
        assertEquals("PT0S", offsetOf("vm1"));
        assertEquals(stopped, answered(200, application.send("POST", PLANS + "/" + id + "/stop", null)));
        assertEquals(200, application.send("DELETE", "api/v1/devices/vm0/offset", null).statusCode());
    }

    @Test
    void aDryRunAnswersTheScheduleAndChangesNothing() throws Exception {
        String body = """
                {'seed':7,'steps':[{'at':'PT1M','jitter':'PT1M','label':['team=payments'],'count':1,
                'fault':{'type':'jitter','range':'PT1S','interval':'PT1S'}}]}
                """;
        JsonNode first = answered(200, post("?dryRun=true", body));

        assertEquals(first, answered(200, post("?dryRun=true", body)));
        assertEquals(1, first.path("total").asInt());
        assertEquals("jitter", first.at("/items/0/type").asText());
        assertTrue(first.at("/items/0/seed").isNumber());
        assertTrue(first.path("id").isMissingNode());
        assertEquals(0, application.get(PLANS).size());
    }

    @Test
    void aSeedThatWasDrawnRepeatsTheRun() throws Exception {
        String steps = "'steps':[{'jitter':'PT1H','label':['team=payments'],'fault':%s}]".formatted(HOUR);
        JsonNode drawn = answered(200, post("?dryRun=true", "{" + steps + "}"));
        JsonNode again = answered(200,
                post("?dryRun=true", "{'seed':" + drawn.path("seed").asLong() + "," + steps + "}"));

        assertEquals(drawn, again);
    }

    @Test
    void plansAreListedAndShownAsTables() throws Exception {
        String id = answered(201, post("", "{'steps':[{'at':'%s','label':['tier=1'],'fault':%s}]}".formatted(LATER,
                HOUR))).path("id").asText();
        JsonNode listed = application.get(PLANS).get(0);

        assertEquals(id, listed.path("id").asText());
        assertEquals(1, listed.path("pending").asInt());
        assertTrue(listed.path("items").isMissingNode());
        assertTrue(table(PLANS).matches("(?s)ID +NAME +STATE .*\n" + id + " +- +running .* anonymous\n"), table(PLANS));
        String items = table(PLANS + "/" + id);
        assertTrue(items.matches("(?s)AT +STEP +DEVICE .*\nPT1H +0 +vm0 +step +pending .*\n"), items);
    }

    private static String table(String path) throws Exception {
        var request = HttpRequest.newBuilder(application.root().resolve(path))
                .header("Accept", "text/plain").build();
        try (var http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    @Test
    void aPlanThatThereIsNotIsNotFound() throws Exception {
        for (String id : new String[]{"p0", "p999999", "vm0", "..%2Fdevices"}) {
            assertEquals(404, application.send("GET", PLANS + "/" + id, null).statusCode(), id);
            assertEquals(404, application.send("POST", PLANS + "/" + id + "/stop", null).statusCode(), id);
            assertEquals(404, application.send("DELETE", PLANS + "/" + id, null).statusCode(), id);
        }
    }

    /** Each names the field, and starts and changes nothing; a first step that could run is before the bad one. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            400 | fault: missing, expected a fault                | 'label':['tier=1']
            400 | label: missing, expected labels, or devices     | 'fault':FAULT
            400 | label[0]: "team", expected name=value           | 'label':['team'],'fault':FAULT
            400 | label[0]: "=x", expected name=value             | 'label':['=x'],'fault':FAULT
            400 | label[1]: missing, expected                     | 'label':['tier=1',null],'fault':FAULT
            422 | label: empty, expected at least one            | 'label':[],'fault':FAULT
            422 | label: no device has it                       | 'label':['team=x'],'fault':FAULT
            422 | devices: empty, expected at least one          | 'devices':[],'fault':FAULT
            422 | devices: no such device: vm9                  | 'devices':['vm0','vm9'],'fault':FAULT
            422 | devices: vm0 twice                            | 'devices':['vm0','vm0'],'fault':FAULT
            400 | devices: expected either label or devices     | 'devices':['vm0'],'label':['tier=1'],'fault':FAULT
            400 | at: "soon", expected a duration                 | 'at':'soon','devices':['vm0'],'fault':FAULT
            422 | at: PT-1S, expected PT0S to PT720H            | 'at':'-PT1S','devices':['vm0'],'fault':FAULT
            422 | at: PT744H, expected                          | 'at':'P31D','devices':['vm0'],'fault':FAULT
            422 | jitter: PT744H, expected                      | 'jitter':'P31D','devices':['vm0'],'fault':FAULT
            422 | count: 0, expected 1 or more                  | 'count':0,'devices':['vm0'],'fault':FAULT
            422 | count: 3, expected at most 2                  | 'count':3,'label':['team=payments'],'fault':FAULT
            422 | percent: 101, expected 1 to 100               | 'percent':101,'devices':['vm0'],'fault':FAULT
            400 | percent: expected either count or percent     | 'percent':5,'count':1,'devices':['vm0'],'fault':FAULT
            400 | fault.type: missing, expected one of step       | 'devices':['vm0'],'fault':{}
            400 | fault.offset: missing, a fault of type step     | 'devices':['vm0'],'fault':{'type':'step'}
            400 | fault.offset: "x", expected a duration          | 'devices':['vm0'],'fault':{'type':'step','offset':'x'}
            400 | fault.range: not a field of a fault of type step | 'devices':['vm0'],'fault':{'type':'step','offset':'PT1S','range':'PT1S'}
            422 | fault.offset: clock 0 would leave             | 'devices':['vm0'],'fault':{'type':'step','offset':'-P36500D'}
            422 | fault.ratePpb: -1000000000, expected           | 'devices':['vm0'],'fault':{'type':'drift','ratePpb':-1000000000}
            422 | fault.clock: 9, expected 0 to 3 (device vm0)  | 'devices':['vm0'],'fault':{'type':'freeze','clock':9}
            422 | fault.duration: 0s, expected more than 0s     | 'devices':['vm0'],'fault':{'type':'freeze','duration':'PT0S'}
            422 | fault.start: 2030-01-01T00:00:00Z, expected no start | 'devices':['vm0'],'fault':{'type':'freeze','start':'2030-01-01T00:00:00Z'}
            """)
    void aBadStepIsRefusedByTheFieldToBlame(int status, String detail, String step) throws Exception {
        String body = "{'steps':[{'label':['tier=1'],'fault':FAULT},{%s}]}".formatted(step).replace("FAULT", HOUR);
        for (String query : new String[]{"", "?dryRun=true"}) {
            JsonNode problem = answered(status, post(query, body));

            assertTrue(problem.path("detail").asText().startsWith("steps[1]." + detail), problem::toString);
            assertEquals(status, problem.path("status").asInt());
        }
        assertEquals(0, application.get(PLANS).size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            400 | steps: missing, expected     | {}
            400 | expected a JSON object        | null
            422 | steps: 0, expected 1 to 1000  | {'steps':[]}
            400 | steps[0]: missing, expected   | {'steps':[null]}
            422 | schedule: "daily", expected a cron expression of five fields | {'schedule':'daily','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            422 | schedule: no run of schedule '0 0 30 2 *' would begin | {'schedule':'0 0 30 2 *','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            422 | until: no run of schedule '* * * * *' would begin | {'schedule':'* * * * *','until':'2020-01-01T00:00:00Z','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            422 | timeZone: "Mars/Base", expected the name of a time zone | {'schedule':'* * * * *','timeZone':'Mars/Base','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            400 | timeZone: expected only with schedule | {'timeZone':'UTC','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            400 | until: expected only with schedule | {'until':'2199-01-01T00:00:00Z','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            422 | name:      | {'name':'\\u0007','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            """)
    void aBadPlanIsRefusedByTheFieldToBlame(int status, String detail, String body) throws Exception {
        JsonNode problem = answered(status, post("", body));

        assertTrue(problem.path("detail").asText().startsWith(detail), problem::toString);
        assertEquals(0, application.get(PLANS).size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'colour':1,'steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            {'steps':[{'colour':1,'devices':['vm0'],'fault':{'type':'freeze'}}]}
            {'steps':[{'devices':['vm0'],'fault':{'type':'freeze','colour':1}}]}
            {'seed':'x','steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            {'seed':1e30,'steps':[{'devices':['vm0'],'fault':{'type':'freeze'}}]}
            {'steps':[{'devices':'vm0','fault':{'type':'freeze'}}]}
            {'steps':[{'devices':['vm0'],'percent':'x','fault':{'type':'freeze'}}]}
            {'steps':{}}
            []
            {'steps':
            """)
    void aBodyThatIsNoPlanIsRefused(String body) throws Exception {
        assertEquals(400, post("", body).statusCode());
        assertEquals(0, application.get(PLANS).size());
    }
}
