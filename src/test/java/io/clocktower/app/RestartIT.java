package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service that was killed goes on where it was when it is started anew. */
class RestartIT {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    @TempDir
    private Path directory;

    private PackagedApplication start() {
        return PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.devices.vm0.labels.team", "payments", "clocktower.shutdown-grace", "0s"));
    }

    @Test
    void everythingIsAsItWasAfterAKill() throws Exception {
        PackagedApplication killed = start();
        send(killed, 201, "POST", "api/v1/devices",
                "{\"name\":\"vm1\",\"clocks\":[{\"type\":\"utc\",\"alarm\":true}],\"labels\":{\"team\":\"ops\"}}");
        send(killed, 201, "POST", "api/v1/devices", "{\"name\":\"gone\"}");
        send(killed, 204, "DELETE", "api/v1/devices/gone", null);
        for (String device : List.of("vm0", "vm1")) {
            String path = "api/v1/devices/" + device;
            send(killed, 201, "POST", path + "/faults", "{\"type\":\"freeze\",\"clock\":0,\"reason\":\"a test\"}");
            send(killed, 200, "PUT", path + "/offset", "{\"offset\":\"-PT5M\",\"duration\":\"PT1H\"}");
            send(killed, 201, "POST", path + "/faults",
                    "{\"type\":\"jitter\",\"range\":\"PT1S\",\"interval\":\"PT1H\",\"seed\":7,\"start\":\"2030-01-01T00:00:00Z\"}");
        }
        send(killed, 200, "PUT", "api/v1/devices/vm1/labels", "{\"team\":\"payments\"}");
        try (var guest = new Guest(directory.resolve("vm1.sock"), Guest.FEATURES | Alarmq.F_ALARM, 64, 0)) {
            assertEquals(OK, guest.request(setAlarm(0, Long.MAX_VALUE, 1), 8).status());
            awaitKept(directory.resolve("state/vm1.json"), Long.toString(Long.MAX_VALUE));
        }
        killed.await("api/v1/devices/vm1", device -> device.path("state").asText().equals("waiting"));
        List<JsonNode> before = lasting(killed, "vm0", "vm1");
        killed.signal("KILL");
        killed.awaitEnd();

        try (PackagedApplication next = start()) {
            assertEquals(before, lasting(next, "vm0", "vm1"));
            assertEquals(404, next.send("api/v1/devices/gone").statusCode());
            try (var guest = new Guest(directory.resolve("vm1.sock"))) {
                long reading = guest.request(ofClock(READ, 0), 16).le64(8);
                assertEquals(before.get(2).at("/clocks/0/servedNs").asLong(), reading, "frozen, and 5 minutes back");
            }
        }
    }

    private static void send(PackagedApplication application, int status, String method, String path, String body)
            throws Exception {
        var response = application.send(method, path, body);
        assertEquals(status, response.statusCode(), () -> method + " " + path + ": " + response.body());
    }

    /** The guest's alarm is kept soon, and not before it is answered. */
    private static void awaitKept(Path file, String content) throws Exception {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!Files.readString(file).contains(content)) {
            assertTrue(System.nanoTime() < endNs, "the alarm is not kept");
            Thread.onSpinWait();
        }
    }

    /** The devices with their alarms, but for what a new service counts anew and for what goes on with time. */
    static List<JsonNode> lasting(PackagedApplication application, String... devices) {
        return Stream.of(devices).flatMap(device -> Stream.of(lasting(application.get("api/v1/devices/" + device)),
                lasting(application.get("api/v1/devices/" + device + "/alarms")))).toList();
    }

    private static JsonNode lasting(JsonNode node) {
        if (node.isArray()) {
            node.forEach(RestartIT::lasting);
        } else if (node instanceof ObjectNode object) {
            boolean isFrozen = object.path("id").asText().equals("0");
            object.remove(List.of("counters", "trueTime", "trueNs", "offset", "offsetNs", "remaining", "remainingNs",
                    "trueDue", "reads", "lastRead", "lastReadAge", "readsLastMinute", "neverRead", "readsSinceFault",
                    "crossTimestamps"));
            if (object.has("smearing") && !isFrozen) {
                object.remove(List.of("servedTime", "servedNs"));
            }
            object.forEach(RestartIT::lasting);
        }
        return node;
    }
}
