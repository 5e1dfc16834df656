package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.head;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.Guest;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpResponse;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of the packaged application: files, REST, health, metrics, refusals, and how it stops. */
class ServiceIT {

    private static final int TERMINATED = 143;
    private static final int INTERRUPTED = 130;
    /** Much less than a grace that a test lets begin. */
    private static final Duration AT_ONCE = Duration.ofSeconds(8);

    @TempDir
    private static Path directory;
    private static Path sockets;
    private static PackagedApplication application;

    /** One file, as an operator writes it. */
    @BeforeAll
    static void start() throws Exception {
        sockets = directory.resolve("run");
        Path file = Files.writeString(directory.resolve("application.yaml"),
                """
                        clocktower:
                          socket-dir: %s
                          state-dir: %s
                          devices:
                            vm0:
                              socket: ${clocktower.socket-dir}/vm0.sock
                              mode: listen
                              clocks: [ { type: utc-smeared, smearing: noon-linear, alarm: true }, { type: tai }, { type: utc } ]
                              poll-window: 50us
                              labels: { team: payments, tier: "1" }
                            vm1:
                              labels: { team: payments }
                            vm2:
                              poll-window: 0s
                        """
                        .formatted(sockets, directory.resolve("state")));
        application = PackagedApplication.start(directory, Map.of("smallrye.config.locations", file.toString()));
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    @Test
    void socketsAreForOwnerAndGroupInADirectoryForOwnerAndGroup() throws Exception {
        assertEquals("rwxr-x---", mode(sockets));
        assertEquals("rw-rw----", mode(socket("vm0")));
        assertEquals("rw-rw----", mode(socket("vm1")));
    }

    @Test
    void stateIsForOwnerAndGroupToo() throws Exception {
        assertEquals("rwxr-x---", mode(directory.resolve("state")));
    }

    private static String mode(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void theLogSaysHowToUseEachDevice() {
        for (String device : List.of("vm0", "vm1")) {
            assertTrue(application.log().contains("-chardev socket,id=rtc,path=" + socket(device)
                    + " -device vhost-user-rtc-pci,chardev=rtc"), application::log);
            assertTrue(application.log().contains("curl " + application.root() + "api/v1/devices/" + device),
                    application::log);
        }
    }

    @Test
    void aDeviceIsShownInTheOrderOfItsDeclaration() {
        JsonNode device = application.get("api/v1/devices/vm0");

        assertEquals(
                List.of("name", "socket", "mode", "state", "configured", "created", "revision", "labels", "clocks",
                        "faults", "crossTimestamps", "counters"),
                fields(device));
        assertEquals(
                List.of("id", "type", "smearing", "alarm", "trueTime", "trueNs", "servedTime", "servedNs", "offset",
                        "offsetNs",
                        "faults", "reads", "readsLastMinute", "neverRead"),
                fields(device.at("/clocks/0")));
        assertEquals("vm0", device.path("name").asText());
        assertEquals(socket("vm0").toString(), device.path("socket").asText());
        assertEquals("waiting", device.path("state").asText());
        assertEquals("payments", device.at("/labels/team").asText());
        assertEquals(List.of("utc-smeared", "tai", "utc"), device.path("clocks").findValuesAsText("type"));
        assertEquals(37_000_000_000L,
                device.at("/clocks/1/trueNs").asLong() - device.at("/clocks/2/trueNs").asLong());
    }

    private static List<String> fields(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void devicesAreListedByNameAndSelectedByLabel() {
        assertEquals(List.of("vm0", "vm1", "vm2"), names(""));
        assertEquals(List.of("vm0", "vm1"), names("?label=team=payments"));
        assertEquals(List.of("vm0"), names("?label=team=payments&label=tier=1"));
        assertEquals(List.of(), names("?label=team=payments&label=tier=2"));
        assertEquals(List.of(), names("?label=tier="));
    }

    private List<String> names(String query) {
        JsonNode devices = application.get("api/v1/devices" + query);
        List<String> names = new ArrayList<>();
        devices.forEach(device -> names.add(device.path("name").asText()));
        return names;
    }

    @Test
    void whatIsRefusedIsToldInAProblemDocument() throws Exception {
        assertProblem(404, "There is no device vm9.", application.send("api/v1/devices/vm9"));
        assertProblem(404, "Nothing exists at this path.", application.send("api/v1/clocks"));
        assertProblem(400, "label: \"team\", expected name=value", application.send("api/v1/devices?label=team"));
        assertProblem(400, "label: \"=x\", expected name=value", application.send("api/v1/devices?label=%3Dx"));
    }

    @Test
    void aCounterIsGivenAndTakenBack() throws Exception {
        assertEquals(200, application.send("PUT", "api/v1/devices/vm1/counter", "{\"offset\":-5}").statusCode());
        assertEquals(204, application.send("DELETE", "api/v1/devices/vm1/counter", null).statusCode());
        assertProblem(400, "offset: missing, expected a number of cycles",
                application.send("PUT", "api/v1/devices/vm1/counter", "{}"));
        assertProblem(422, "fractionBits: 64, expected 0 to 63",
                application.send("PUT", "api/v1/devices/vm1/counter", "{\"offset\":1,\"fractionBits\":64}"));
        assertProblem(422, "ratio: 0, expected 1 or more",
                application.send("PUT", "api/v1/devices/vm1/counter", "{\"offset\":1,\"ratio\":0}"));
        assertProblem(404, "There is no device vm9.",
                application.send("PUT", "api/v1/devices/vm9/counter", "{\"offset\":1}"));
    }

    @Test
    void aBodyThatCannotBeReadIsRefusedByField() throws Exception {
        String number = "expected a whole number from -9223372036854775808 to 9223372036854775807";
        Map<String, String> details = Map.of("{\"offset\":\"x\"}", "offset: a string, " + number, "{\"offset\":\"5\"}",
                "offset: a string, " + number, "{\"offset\":1,\"colour\":2}",
                "colour: unknown field, expected one of fractionBits, offset, ratio", "{",
                "expected JSON (line 1, column 2)", "[]", "a list, expected an object", "{\"offset\":1e30}",
                "offset: 1.0E30, " + number, "{\"offset\":9223372036854775808}", "offset: " + number,
                "{\"offset\":1} 2",
                "expected nothing after the first value", "\0\0\0{\uffff\"",
                "The body is not valid UTF-8; expected JSON in UTF-8.", "",
                "expected a JSON object as the body");
        for (Map.Entry<String, String> refused : details.entrySet()) {
            assertProblem(400, refused.getValue(),
                    application.send("PUT", "api/v1/devices/vm1/counter", refused.getKey()));
        }
        assertEquals("offset", new ObjectMapper()
                .readTree(application.send("PUT", "api/v1/devices/vm1/counter", "{\"offset\":true}").body())
                .at("/errors/0/field").asText());
    }

    private static void assertProblem(int status, String detail, HttpResponse<String> response) throws Exception {
        JsonNode problem = new ObjectMapper().readTree(response.body());
        assertEquals(status, response.statusCode());
        assertEquals("application/problem+json", response.headers().firstValue("Content-Type").orElseThrow());
        assertEquals(status, problem.path("status").asInt());
        assertEquals(detail, problem.path("detail").asText());
    }

    @Test
    void itIsAliveAndReady() {
        assertEquals("UP", application.get("q/health/live").path("status").asText());
        assertEquals("UP", application.get("q/health/ready").path("status").asText());
    }

    @Test
    void theInterfaceIsDescribed() throws Exception {
        JsonNode description = application.get("q/openapi?format=json");

        assertTrue(fields(description.path("paths")).containsAll(List.of("/api/v1/devices", "/api/v1/devices/{name}",
                "/api/v1/devices/{name}/faults", "/api/v1/alarms", "/api/v1/host")), description::toString);
        description.path("paths").properties().forEach(path -> path.getValue().properties().stream()
                .filter(operation -> operation.getValue().has("responses")).forEach(operation -> {
                    String call = operation.getKey() + " " + path.getKey();
                    assertFalse(operation.getValue().path("summary").asText().isEmpty(), call);
                    assertFalse(operation.getValue().path("tags").isEmpty(), call);
                    assertTrue(operation.getValue().at("/responses").has("503"), call);
                    assertEquals("#/components/schemas/Problem", operation.getValue()
                            .at("/responses/503/content/application~1problem+json/schema/$ref").asText(), call);
                }));
        assertTrue(description.at("/components/schemas").has("Problem"));
        assertEquals(PackagedApplication.SWAGGER_UI, application.send("q/swagger-ui/").statusCode());
    }

    @Test
    void theHostIsShown() {
        JsonNode host = application.get("api/v1/host");

        Instant now = Instant.parse(host.path("now").asText());
        assertTrue(Duration.between(now, Instant.now()).abs().compareTo(AT_ONCE) < 0, host::toString);
        assertEquals(37, host.at("/taiOffset/seconds").asLong());
        assertTrue(Set.of("kernel", "leap-second-table").contains(host.at("/taiOffset/source").asText()),
                host::toString);
        assertEquals("2016-12-31", host.at("/leapSeconds/last/day").asText());
        assertFalse(host.at("/leapSeconds/source").asText().isEmpty(), host::toString);
        assertFalse(host.path("version").asText().isEmpty(), host::toString);
        assertTrue(Duration.parse(host.path("uptime").asText()).isPositive(), host::toString);
        if (host.has("synchronized")) {
            assertEquals(host.path("maxErrorNs").asLong(), Duration.parse(host.path("maxError").asText()).toNanos());
        }
    }

    @Test
    void requestsAreCounted() throws Exception {
        assertEquals(0, count("clocktower_requests_total", "vm1", "status=\"ok\",type=\"read\""));
        try (Guest guest = new Guest(socket("vm1"))) {
            assertEquals(OK, guest.request(ofClock(READ, 1), 16).status());
            assertEquals(OK, guest.request(ofClock(READ, 1), 16).status());
            guest.request(head(0xffff), 16);

            JsonNode device = application.get("api/v1/devices/vm1");
            assertEquals("running", device.path("state").asText());
            assertEquals(ProcessHandle.current().pid(), device.at("/peer/pid").asLong());
            assertEquals(2, device.at("/counters/requests/read/ok").asLong());
            assertEquals(2, device.at("/clocks/1/reads").asLong());
        }
        assertEquals(2, count("clocktower_requests_total", "vm1", "status=\"ok\",type=\"read\""));
        assertEquals(1, count("clocktower_requests_total", "vm1", "status=\"eopnotsupp\",type=\"unknown\""));
        assertEquals(2, count("clocktower_clock_reads_total", "vm1", "type=\"tai\""));
        assertEquals(1, count("clocktower_connections_total", "vm1", ""));
        assertEquals(0, count("clocktower_requests_total", "vm0", "status=\"ok\",type=\"read\""));
    }

    private double count(String metric, String device, String labels) throws Exception {
        List<String> lines = application.send("q/metrics").body().lines().filter(line -> line.startsWith(metric + "{")
                && line.contains("device=\"" + device + "\"") && line.contains(labels)).toList();
        assertEquals(1, lines.size(), () -> metric + " of " + device + ": " + lines);
        return Double.parseDouble(lines.getFirst().replaceFirst(".*} ", ""));
    }

    @Test
    void aRefusalIsOneLineAndLeavesEverythingAsItWas() throws Exception {
        Path home = Files.createDirectory(directory.resolve("refusals"));
        Path file = Files.writeString(home.resolve("file"), "");
        Path first = home.resolve("a.sock");
        String b = "clocktower.devices.b.";

        assertRefused(home, "clocktower.no-such: 1, unknown key", Map.of("clocktower.no-such", "1"));
        assertRefused(home, "clocktower.shutdown-grase: 5s, unknown key (did you mean 'shutdown-grace'?)",
                Map.of("clocktower.shutdown-grase", "5s"));
        assertRefused(List.of("env", "CLOCKTOWER_STATEDIR=/x"), home,
                "CLOCKTOWER_STATEDIR: unknown environment variable"
                        + " (did you mean 'CLOCKTOWER_STATE_DIR'?)",
                Map.of());
        assertRefused(home, b + "poll-window: \"5parsecs\", expected a duration",
                Map.of(b + "poll-window", "5parsecs"));
        assertRefused(home, b + "socket: " + file + " exists and is not a socket",
                Map.of(b + "socket", file.toString()));
        assertRefused(home, b + "socket: directory " + file + ": is not a directory",
                Map.of(b + "socket", file.resolve("x.sock").toString()));
        assertRefused(home, b + "socket: directory /proc/x: ", Map.of(b + "socket", "/proc/x/x.sock"));
        assertRefused(home, b + "socket: " + first + " is also the socket of ",
                Map.of(b + "socket", home.resolve("../refusals/a.sock").toString()));
        assertRefused(home, b + "socket: " + socket("vm2") + " is in use",
                Map.of(b + "socket", socket("vm2").toString()));
        Path state = directory.resolve("state");
        assertRefused(home, "clocktower.state-dir: " + state + " is in use by another process",
                Map.of("clocktower.state-dir", state.toString()));
        assertRefused(home, "clocktower.state-dir: " + file + " is not a directory",
                Map.of("clocktower.state-dir", file.toString()));
        assertRefused(home, "clocktower.state-dir: /proc/x cannot be created",
                Map.of("clocktower.state-dir", "/proc/x"));
        assertRefused(home, "quarkus.http.port: cannot bind to 127.0.0.1:" + application.root().getPort(),
                Map.of("quarkus.http.port", Integer.toString(application.root().getPort())));

        assertFalse(Files.exists(first));
        try (Stream<Path> left = Files.list(home)) {
            assertEquals(List.of("file", "refusal.log"),
                    left.map(Path::getFileName).map(Path::toString).sorted().toList());
        }
        try (Guest guest = new Guest(socket("vm2"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status(), "the service that was there");
        }
    }

    private static void assertRefused(Path home, String reason, Map<String, String> properties) {
        assertRefused(List.of(), home, reason, properties);
    }

    private static void assertRefused(List<String> launcher, Path home, String reason,
            Map<String, String> properties) {
        Map<String, String> all = new java.util.HashMap<>(properties);
        all.put("clocktower.devices.a.socket", home.resolve("a.sock").toString());

        End end = PackagedApplication.refuse(launcher, home, all);

        // On a busy machine a loop can be late while the service starts.
        List<String> lines = end.output().lines()
                .filter(line -> !line.contains(" INFO ") && !line.contains("LoopWatch]")).toList();
        assertEquals(1, end.status());
        assertEquals(1, lines.size(), end::output);
        assertTrue(lines.getFirst().startsWith("Clocktower does not start: "), end::output);
        assertTrue(lines.getFirst().contains(reason), end::output);
    }

    /** The whole of a stop: drained while the virtual machine is there, at its end as soon as it has gone. */
    @Test
    void aConnectedMachineIsServedUntilItDisconnects() throws Exception {
        Path home = Files.createDirectory(directory.resolve("drain"));
        try (PackagedApplication service = startTwo(home, "60s"); Guest guest = new Guest(home.resolve("vm0.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            service.signal("TERM");
            awaitNotReady(service);

            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            awaitGone(home.resolve("vm0.sock"));
            awaitGone(home.resolve("vm1.sock"));
            assertEquals("running", service.get("api/v1/devices/vm0").path("state").asText());
            assertEquals(200, service.send("q/metrics").statusCode());
            assertEquals("UP", service.get("q/health/live").path("status").asText());

            service.signal("TERM");
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status(), "after a second signal");
            assertTrue(service.isRunning());

            long start = System.nanoTime();
            guest.frontEnd().close();
            End end = service.awaitEnd();
            assertTrue(System.nanoTime() - start < AT_ONCE.toNanos(), end::output);
            assertEquals(TERMINATED, end.status());
            assertTrue(end.output().contains("the virtual machines of vm0 to disconnect"), end::output);
        }
    }

    @Test
    void aConnectedMachineIsServedUntilTheGraceEnds() throws Exception {
        Path home = Files.createDirectory(directory.resolve("grace"));
        // A shell has what it starts in the background ignore SIGINT, and so this process too, perhaps.
        List<String> launcher = List.of("env", "--default-signal=INT");
        try (PackagedApplication service = startTwo(launcher, home, "1s");
                Guest guest = new Guest(home.resolve("vm0.sock"))) {
            long start = System.nanoTime();
            service.signal("INT");
            End end = service.awaitEnd();

            assertTrue(System.nanoTime() - start > Duration.ofSeconds(1).toNanos());
            assertTrue(System.nanoTime() - start < AT_ONCE.toNanos());
            assertEquals(INTERRUPTED, end.status());
            assertTrue(end.output().contains("stopping: after 1 s still connected: vm0;"), end::output);
            guest.frontEnd().awaitClosed();
        }
    }

    /** What a service that was killed left behind is in nobody's way. */
    @Test
    void aStaleSocketIsReplacedAndRemovedAtTheEnd() throws Exception {
        Path home = Files.createDirectory(directory.resolve("stale"));
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(home.resolve("vm0.sock")));
        }
        assertTrue(Files.exists(home.resolve("vm0.sock")));
        try (PackagedApplication service = startTwo(home, "60s")) {
            try (Guest guest = new Guest(home.resolve("vm0.sock"))) {
                assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            }
            service.await("api/v1/devices/vm0", device -> device.path("state").asText().equals("waiting"));
            service.signal("TERM");
            assertEquals(TERMINATED, service.awaitEnd().status());
        }
        assertFalse(Files.exists(home.resolve("vm0.sock")));
        assertFalse(Files.exists(home.resolve("vm1.sock")));
    }

    @Test
    void theStateOfAServiceThatWasKilledIsTheNextOnes() throws Exception {
        Path home = Files.createDirectory(directory.resolve("killed"));
        PackagedApplication killed = startTwo(home, "1s");
        killed.signal("KILL");
        killed.awaitEnd();
        Files.writeString(home.resolve("state/vm0.json.tmp"), "torn");

        try (PackagedApplication next = startTwo(home, "1s")) {
            assertEquals("waiting", next.get("api/v1/devices/vm0").path("state").asText());
            assertFalse(Files.exists(home.resolve("state/vm0.json.tmp")));
        }
    }

    private static PackagedApplication startTwo(Path home, String grace) {
        return startTwo(List.of(), home, grace);
    }

    private static PackagedApplication startTwo(List<String> launcher, Path home, String grace) {
        return PackagedApplication.start(launcher, home,
                Map.of("clocktower.devices.vm0.socket", home.resolve("vm0.sock").toString(),
                        "clocktower.devices.vm1.socket", home.resolve("vm1.sock").toString(),
                        "clocktower.shutdown-grace", grace));
    }

    /** No front-end finds the socket any more. */
    private static void awaitGone(Path socket) {
        long endNs = System.nanoTime() + AT_ONCE.toNanos();
        while (Files.exists(socket)) {
            assertTrue(System.nanoTime() < endNs, "the socket's file is still there");
            Thread.onSpinWait();
        }
    }

    private static void awaitNotReady(PackagedApplication service) throws Exception {
        long endNs = System.nanoTime() + AT_ONCE.toNanos();
        while (service.send("q/health/ready").statusCode() != 503) {
            assertTrue(System.nanoTime() < endNs, "still ready");
        }
    }

    private static Path socket(String device) {
        return sockets.resolve(device + ".sock");
    }
}
