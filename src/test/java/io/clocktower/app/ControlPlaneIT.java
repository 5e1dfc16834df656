package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every call that looks at devices or changes them, in the packaged application: what it answers, and what it refuses. */
class ControlPlaneIT {

    private static final String DEVICE = "api/v1/devices/vm0";
    private static final String NO_VM = "No VM is connected to device vm0.";

    @TempDir
    private static Path directory;
    private static PackagedApplication application;

    @BeforeAll
    static void start() {
        application = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.devices.vm0.labels.team", "payments"));
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    @AfterEach
    void restoreTrueTime() throws Exception {
        assertEquals(2, application.send("DELETE", DEVICE + "/faults", null).statusCode() / 100);
    }

    private static HttpResponse<String> send(String method, String path, String body, String... headers)
            throws Exception {
        return application.send(method, path, body, headers);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return new ObjectMapper().readTree(response.body());
    }

    @ParameterizedTest
    @CsvSource({"devices, /0/name, vm0", "devices?label=team=payments, /0/name, vm0", "devices/vm0, /name, vm0",
            "devices/vm0/clocks, /3/type, utc", "devices/vm0/clocks/1, /type, tai",
            "devices/vm0/labels, /team, payments", "devices/vm0/offset, /offset, PT0S",
            "devices/vm0/clocks/0/offset, /clock, 0", "devices/vm0/faults, '', ''",
            "devices/vm0/alarms, /0/device, vm0",
            "devices/vm0/alarms/0, /enabled, false", "alarms, /0/device, vm0", "alarms?pending=true, '', ''",
            "alarms?pending=false, /0/clock, 0", "host, '', ''"})
    void whatThereIsIsShown(String path, String pointer, String value) throws Exception {
        HttpResponse<String> response = send("GET", "api/v1/" + path, null);
        assertEquals(200, response.statusCode(), response::body);
        assertTrue(response.headers().firstValue("Content-Type").orElseThrow().startsWith("application/json"));
        assertEquals(value, json(response).at(pointer).asText(), response::body);
    }

    @ParameterizedTest
    @CsvSource({"devices, NAME, vm0", "devices/vm0/clocks, CLOCK, utc-smeared", "devices/vm0/faults, DEVICE, jitter",
            "alarms, DEVICE, utc-smeared", "devices/vm0/alarms, DEVICE, utc-smeared"})
    void listsAreTablesForWhoAsksForText(String path, String head, String cell) throws Exception {
        assertEquals(201, send("POST", DEVICE + "/faults",
                "{\"type\":\"jitter\",\"range\":\"PT1S\",\"interval\":\"PT1S\"}").statusCode());
        HttpResponse<String> table = send("GET", "api/v1/" + path, null, "Accept", "text/plain");
        assertEquals(200, table.statusCode(), table::body);
        assertTrue(table.headers().firstValue("Content-Type").orElseThrow().startsWith("text/plain"));
        assertTrue(table.body().startsWith(head + " "), table::body);
        assertTrue(table.body().lines().skip(1).anyMatch(line -> line.contains(cell)), table::body);
        HttpResponse<String> either = send("GET", "api/v1/" + path, null, "Accept", "*/*");
        assertTrue(either.headers().firstValue("Content-Type").orElseThrow().startsWith("application/json"));
    }

    @Test
    void anOffsetIsSetShownAndDeleted() throws Exception {
        for (String path : new String[]{DEVICE + "/offset", DEVICE + "/clocks/1/offset"}) {
            HttpResponse<String> put = send("PUT", path,
                    "{\"offset\":\"-PT5M\",\"duration\":\"PT10M\",\"reason\":\"a test\"}");
            assertEquals(200, put.statusCode(), put::body);
            assertEquals("-PT5M", json(put).path("offset").asText());
            assertEquals(-300_000_000_000L, json(put).path("offsetNs").asLong());
            assertEquals("PT10M", json(put).path("duration").asText());
            assertEquals("a test", json(put).path("reason").asText());
            assertTrue(json(put).path("neverRead").asBoolean());
            assertTrue(put.headers().firstValue("ETag").isPresent());
            HttpResponse<String> again = send("PUT", path, "{\"offsetNs\":5}");
            assertEquals(5, json(again).path("offsetNs").asLong());
            assertEquals(1, application.get(DEVICE + "/faults").size());
            assertEquals(5, application.get(DEVICE + "/clocks/1").path("offsetNs").asLong());
            assertEquals(0, application.get(DEVICE + "/clocks/2").path("offsetNs").asLong());
            assertEquals(List.of(NO_VM), texts(json(again).path("warnings")));
            HttpResponse<String> gone = send("DELETE", path, null);
            assertEquals(200, gone.statusCode());
            assertEquals(List.of(NO_VM), texts(json(gone).path("warnings")));
            gone = send("DELETE", path, null);
            assertEquals(204, gone.statusCode());
            assertEquals("", gone.body());
            assertEquals(0, application.get(path).path("offsetNs").asLong());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"{\"type\":\"step\",\"offset\":\"-PT5M\"} | /offset | -PT5M",
            "{\"type\":\"set\",\"time\":\"2030-01-01T00:00:00Z\"} | /time | 2030-01-01T00:00:00Z",
            "{\"type\":\"drift\",\"ratePpb\":-5000} | /ratePpb | -5000",
            "{\"type\":\"drift\",\"clock\":2,\"ratePpb\":5000} | /clock | 2",
            "{\"type\":\"slew\",\"offset\":\"PT1S\",\"ratePpb\":500000} | /ratePpb | 500000",
            "{\"type\":\"freeze\"} | /state | active",
            "{\"type\":\"freeze\",\"start\":\"2030-01-01T00:00:00Z\"} | /state | pending",
            "{\"type\":\"jitter\",\"rangeNs\":5,\"intervalNs\":1000,\"seed\":-7} | /seed | -7",
            "{\"type\":\"strobe\",\"delta\":\"PT2S\",\"period\":\"PT30S\"} | /periodNs | 30000000000",
            "{\"type\":\"leap-second\",\"month\":\"2030-06\",\"change\":\"delete\"} | /month | 2030-06"})
    void aFaultIsInjectedShownAndReverted(String body, String pointer, String value) throws Exception {
        HttpResponse<String> post = send("POST", DEVICE + "/faults", body);
        assertEquals(201, post.statusCode(), post::body);
        assertEquals(value, json(post).at(pointer).asText(), post::body);
        String location = post.headers().firstValue("Location").orElseThrow();
        assertEquals(application.root() + DEVICE + "/faults/" + json(post).path("id").asText(), location);
        String path = location.substring(application.root().toString().length());
        assertEquals(value, application.get(path).at(pointer).asText());
        assertEquals("anonymous", application.get(path).path("author").asText());
        assertEquals(1, application.get(DEVICE + "/faults").size());
        assertEquals(List.of(NO_VM), texts(json(post).path("warnings")), post::body);
        HttpResponse<String> gone = send("DELETE", path, null);
        assertEquals(200, gone.statusCode());
        assertEquals(List.of(NO_VM), texts(json(gone).path("warnings")), gone::body);
        assertEquals(404, send("GET", path, null).statusCode());
        assertEquals(404, send("DELETE", path, null).statusCode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"GET | devices/vm9 | | 404 | vm9", "DELETE | devices/vm9 | | 404 | vm9",
            "GET | devices/vm9/faults | | 404 | vm9", "GET | devices/vm0/clocks/4 | | 404 | clock",
            "GET | devices/vm0/clocks/-1/offset | | 404 | clock", "GET | devices/vm0/alarms/1 | | 404 | clock",
            "POST | devices/vm0/alarms/1/expire | | 404 | clock",
            "POST | devices/vm0/alarms/0/expire | | 409 | enabled",
            "PUT | devices/vm0/clocks/9/offset | {\"offset\":\"PT1S\"} | 404 | clock",
            "PUT | devices/vm9/offset | {\"offset\":\"PT1S\"} | 404 | vm9",
            "PUT | devices/vm0/clocks/2/offset | {\"offset\":\"-PT1S\"} | 422 | monotonic",
            "PUT | devices/vm0/offset | {\"offsetNs\":-9223372036854775808} | 422 | offset",
            "PUT | devices/vm0/offset | {\"offset\":\"PT1S\",\"duration\":\"-PT1S\"} | 422 | duration",
            "PUT | devices/vm0/offset | {\"offset\":\"P99999999D\"} | 422 | offset",
            "POST | devices/vm0/faults | {\"type\":\"drift\",\"ratePpb\":-1000000000} | 422 | ratePpb",
            "POST | devices/vm0/faults | {\"type\":\"slew\",\"offset\":\"PT1S\",\"ratePpb\":0} | 422 | ratePpb",
            "POST | devices/vm0/faults | {\"type\":\"jitter\",\"range\":\"PT1S\",\"intervalNs\":999} | 422 | interval",
            "POST | devices/vm0/faults | {\"type\":\"strobe\",\"delta\":\"PT1S\",\"periodNs\":1} | 422 | period",
            "POST | devices/vm0/faults | {\"type\":\"set\",\"time\":\"1969-12-31T23:59:59Z\"} | 422 | time",
            "POST | devices/vm0/faults | {\"type\":\"set\",\"time\":\"2554-07-21T23:34:33.709551615Z\"} | 422 | time",
            "POST | devices/vm0/faults | {\"type\":\"freeze\",\"start\":\"2020-01-01T00:00:00Z\"} | 422 | start",
            "POST | devices/vm0/faults | {\"type\":\"freeze\",\"clock\":4} | 422 | clock",
            "POST | devices/vm0/faults | {\"type\":\"leap-second\",\"month\":\"2016-12\",\"change\":\"insert\"} | 422 | month",
            "POST | devices/vm0/faults | {\"type\":\"leap-second\",\"month\":\"2300-12\",\"change\":\"insert\"} | 422 | month",
            "POST | devices/vm0/faults?dryRun=true&points=1 | {\"type\":\"freeze\"} | 422 | points",
            "POST | devices/vm0/faults?dryRun=true&over=-PT1S | {\"type\":\"freeze\"} | 422 | over"})
    void whatCannotBeIsRefusedAndNothingChanges(String method, String path, String body, int status, String named)
            throws Exception {
        JsonNode before = application.get(DEVICE);
        HttpResponse<String> response = send(method, "api/v1/" + path, body);
        assertEquals(status, response.statusCode(), response::body);
        assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElseThrow());
        assertEquals(status, json(response).path("status").asInt());
        assertTrue(response.body().contains(named), response::body);
        JsonNode after = application.get(DEVICE);
        assertEquals(before.path("revision"), after.path("revision"));
        assertEquals(0, after.path("faults").size());
    }

    @Test
    void aDryRunAnswersWhatTheClocksWouldShow() throws Exception {
        HttpResponse<String> preview = send("POST", DEVICE + "/faults?dryRun=true&over=PT1H&points=3",
                "{\"type\":\"step\",\"offset\":\"-PT5M\",\"duration\":\"PT40M\"}");
        assertEquals(200, preview.statusCode(), preview::body);
        JsonNode samples = json(preview).path("samples");
        assertEquals(3, samples.size());
        assertEquals("PT30M", samples.at("/1/after").asText());
        assertEquals("-PT5M", samples.at("/0/clocks/0/offset").asText());
        assertEquals("PT0S", samples.at("/0/clocks/2/offset").asText());
        assertEquals("-PT5M", samples.at("/1/clocks/3/offset").asText());
        assertEquals("PT0S", samples.at("/2/clocks/0/offset").asText());
        assertEquals(200, send("PUT", DEVICE + "/offset?dryRun=true", "{\"offset\":\"PT1S\"}").statusCode());
        assertEquals(0, application.get(DEVICE + "/faults").size());
    }

    @Test
    void aChangeIsForTheVersionThatWasSeen() throws Exception {
        String seen = send("GET", DEVICE, null).headers().firstValue("ETag").orElseThrow();
        assertEquals(412, send("PUT", DEVICE + "/offset", "{\"offset\":\"PT1S\"}", "If-Match", "\"x.1\"").statusCode());
        HttpResponse<String> put = send("PUT", DEVICE + "/offset", "{\"offset\":\"PT1S\"}", "If-Match", seen);
        assertEquals(200, put.statusCode(), put::body);
        String now = put.headers().firstValue("ETag").orElseThrow();
        assertNotEquals(seen, now);
        for (String method : new String[]{"DELETE " + DEVICE + "/offset", "DELETE " + DEVICE + "/faults",
                "DELETE " + DEVICE, "DELETE " + DEVICE + "/faults/offset"}) {
            String[] words = method.split(" ");
            HttpResponse<String> refused = send(words[0], words[1], null, "If-Match", seen);
            assertEquals(412, refused.statusCode(), () -> method + ": " + refused.body());
        }
        assertEquals(200, send("DELETE", DEVICE + "/offset", null, "If-Match", seen + ", " + now).statusCode());
        assertEquals(200, send("PUT", DEVICE + "/offset", "{\"offset\":\"PT1S\"}", "If-Match", "*").statusCode());
    }

    @Test
    void whatKeepsAGuestFromReadingIsSaidInTheStatusAndInAnswers() throws Exception {
        try (var guest = new Guest(directory.resolve("vm0.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 1), 16).status());

            JsonNode device = application.get(DEVICE);
            assertTrue(device.path("obstacle").isMissingNode(), device::toString);
            assertTrue(device.at("/clocks/1/readsLastMinute").asLong() > 0, device::toString);
            assertTrue(Duration.parse(device.at("/clocks/1/lastReadAge").asText()).toMinutes() < 1);
            assertEquals(0, device.at("/clocks/3/readsLastMinute").asLong());
            assertTrue(device.at("/clocks/3/lastReadAge").isMissingNode());
            assertEquals(List.of(), texts(json(send("PUT", DEVICE + "/offset", "{\"offset\":\"PT1S\"}"))
                    .path("warnings")));
            assertEquals(204, send("DELETE", DEVICE + "/offset", null).statusCode());
            JsonNode other = json(send("PUT", DEVICE + "/clocks/3/offset", "{\"offset\":\"PT1S\"}"));
            assertEquals(List.of("The guest has not read clock 3 (utc) since the service started."),
                    texts(other.path("warnings")));

            guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(0, 0));
            assertEquals("rings stopped", application.get(DEVICE).path("obstacle").asText());
            JsonNode stopped = json(send("PUT", DEVICE + "/offset", "{\"offset\":\"PT1S\"}"));
            assertTrue(stopped.at("/warnings/0").asText().startsWith("The rings are stopped"), stopped::toString);
        }
        application.await(DEVICE, device -> device.path("state").asText().equals("waiting"));
        assertTrue(application.get(DEVICE).path("obstacle").isMissingNode());
    }

    @Test
    void aFrontEndWhoseDriverAsksNothingIsSaidInTheTable() throws Exception {
        try (var _ = new FrontEnd(directory.resolve("vm0.sock"))) {
            application.await(DEVICE, device -> device.path("obstacle").asText().equals("requestq not started"));
            String table = send("GET", "api/v1/devices", null, "Accept", "text/plain").body();
            assertTrue(table.contains("connected; requestq not started"), table);
            JsonNode fault = json(send("POST", DEVICE + "/faults", "{\"type\":\"freeze\"}"));
            assertTrue(fault.at("/warnings/0").asText().contains("has not started the requestq"), fault::toString);
            assertTrue(application.get(DEVICE + "/faults").at("/0/warnings").isMissingNode());
        }
        application.await(DEVICE, device -> device.path("state").asText().equals("waiting"));
    }

    @Test
    void aDeviceIsMadeLabelledAndRemoved() throws Exception {
        HttpResponse<String> made = send("POST", "api/v1/devices", "{\"name\":\"vm1\",\"labels\":{\"team\":\"ops\"}}");
        assertEquals(201, made.statusCode(), made::body);
        assertEquals(application.root() + "api/v1/devices/vm1", made.headers().firstValue("Location").orElseThrow());
        assertFalse(json(made).path("configured").asBoolean(true));
        assertEquals(409, send("POST", "api/v1/devices", "{\"name\":\"vm1\"}").statusCode());
        assertEquals(422, send("POST", "api/v1/devices", "{\"name\":\"../vm1\"}").statusCode());
        HttpResponse<String> labels = send("PUT", "api/v1/devices/vm1/labels", "{\"team\":\"payments\"}");
        assertEquals(200, labels.statusCode(), labels::body);
        assertEquals("payments", json(labels).path("team").asText());
        assertEquals(2, application.get("api/v1/devices?label=team=payments").size());
        try (var guest = new Guest(directory.resolve("vm1.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            assertEquals(409, send("DELETE", "api/v1/devices/vm1", null).statusCode());
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            assertEquals(204, send("DELETE", "api/v1/devices/vm1?force=true", null).statusCode());
            guest.frontEnd().awaitClosed();
        }
        assertEquals(404, send("DELETE", "api/v1/devices/vm1", null).statusCode());
    }

    /** What a guest that looks at its own clock believes. */
    @Test
    void aClockIsSteppedPastItsAlarmInOneCall() throws Exception {
        try (var guest = new Guest(directory.resolve("vm0.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            long due = guest.request(ofClock(READ, 0), 16).le64(8) + Duration.ofHours(1).toNanos();
            assertEquals(OK, guest.request(setAlarm(0, due, 1), 8).status());

            JsonNode stepped = json(send("POST", DEVICE + "/alarms/0/expire?step=true", null));

            assertEquals(1, stepped.path("expirations").asInt(), stepped::toString);
            assertEquals(0, stepped.path("forced").asInt(), stepped::toString);
            assertTrue(stepped.path("warnings").isMissingNode(), stepped::toString);
            assertEquals(0, alarmq.awaitNotification());
            long reading = guest.request(ofClock(READ, 0), 16).le64(8);
            assertTrue(reading >= due + Duration.ofSeconds(1).toNanos(), () -> reading + " of " + due);
            assertTrue(reading < due + Duration.ofMinutes(1).toNanos(), () -> reading + " of " + due);
            JsonNode fault = application.get(DEVICE + "/faults").path(0);
            assertEquals("past the alarm of clock 0", fault.path("reason").asText());
            assertEquals(0, fault.path("clock").asInt());
            assertEquals(409, send("POST", DEVICE + "/alarms/0/expire?step=true", null).statusCode());
            assertEquals(OK, guest.request(setAlarm(0, 0, 0), 8).status());
        }
        assertEquals(404, send("POST", DEVICE + "/alarms/1/expire?step=true", null).statusCode());
    }

    @Test
    void anAlarmIsForced() throws Exception {
        try (var guest = new Guest(directory.resolve("vm0.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
                var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            assertEquals(OK, guest.request(setAlarm(0, Long.MAX_VALUE, 1), 8).status());
            JsonNode pending = application.get("api/v1/alarms?pending=true").path(0);
            assertEquals("time", pending.path("waitingFor").asText(), pending::toString);
            HttpResponse<String> forced = send("POST", DEVICE + "/alarms/0/expire", null);
            assertEquals(200, forced.statusCode(), forced::body);
            assertEquals(1, json(forced).path("forced").asInt());
            assertTrue(json(forced).at("/warnings/0").asText().contains("step=true"), forced::body);
            assertEquals(0, alarmq.awaitNotification());
            assertEquals(OK, guest.request(setAlarm(0, 0, 0), 8).status());
        }
    }
}
