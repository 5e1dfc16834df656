package io.clocktower.kubevirt;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.app.PackagedApplication;
import io.clocktower.frontend.Guest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged application in a directory like a pod's, called as KubeVirt calls a sidecar that an annotation asks for. */
class HookIT {

    private static final String CONTAINER = "hook-sidecar-0";
    private static final String LATEST = "v1alpha3";
    private static final Duration SECOND = Duration.ofSeconds(1);

    @TempDir
    private Path directory;
    private Path hooks;
    private HookManager manager;
    private PackagedApplication application;

    @BeforeEach
    void start() throws Exception {
        hooks = directory.resolve("hooks");
        Files.createDirectories(hooks.resolve(CONTAINER));
        manager = new HookManager(hooks);
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("clocktower.kubevirt.hook.enabled", "true");
        properties.put("clocktower.kubevirt.hook.directory", hooks.resolve(CONTAINER).toString());
        properties.put("clocktower.state-dir", "");
        application = PackagedApplication.start(List.of("env", "-i", "PATH=/usr/bin:/bin",
                "JAVA_HOME=" + System.getProperty("java.home"), "CONTAINER_NAME=" + CONTAINER,
                "XDG_RUNTIME_DIR=/var/run", "XDG_CACHE_HOME=/var/run/kubevirt-private",
                "XDG_CONFIG_HOME=/var/run/kubevirt-private"), directory, properties);
    }

    @AfterEach
    void stop() {
        manager.close();
        if (application.isRunning()) {
            application.close();
        }
    }

    private static String vmi(String annotations) {
        return """
                {"metadata":{"namespace":"shop","name":"till-1","annotations":{%s}},
                 "spec":{"terminationGracePeriodSeconds":7,"domain":{"devices":{}}}}""".formatted(annotations);
    }

    private Path device() {
        return hooks.resolve(CONTAINER).resolve("sockets/vm0.sock");
    }

    private Guest guest() throws Exception {
        return new Guest(device());
    }

    private String refusal(String domain, String vmi) {
        StatusRuntimeException refused = assertThrows(StatusRuntimeException.class,
                () -> manager.defineDomain(LATEST, domain, vmi));
        assertEquals(Status.Code.FAILED_PRECONDITION, refused.getStatus().getCode());
        return refused.getStatus().getDescription();
    }

    @Test
    void theManagerFindsOneSidecarAndNothingElse() throws Exception {
        HookManager.Sidecar sidecar = manager.collect(Duration.ofSeconds(5));

        assertEquals("clocktower", sidecar.name());
        assertEquals(List.of("OnDefineDomain", "Shutdown"), sidecar.hookPoints());
        assertEquals(List.of("v1alpha1", "v1alpha2", "v1alpha3"), sidecar.versions());
        assertEquals("clocktower-" + CONTAINER + ".sock", sidecar.socket().getFileName().toString());
        try (Stream<Path> files = Files.list(hooks.resolve(CONTAINER))) {
            assertEquals(List.of(sidecar.socket()), files.filter(file -> !Files.isDirectory(file)).toList());
        }
        assertTrue(Files.exists(device()));
        assertTrue(Files.isDirectory(hooks.resolve(CONTAINER).resolve("state")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1alpha1", "v1alpha2", "v1alpha3"})
    void eachVersionDefinesTheDomainAsOftenAsItIsAsked(String version) throws Exception {
        manager.collect(Duration.ofSeconds(5));
        String domain = Domains.read("kubevirt-plain");

        String first = manager.defineDomain(version, domain, vmi(""));

        assertEquals(Domains.diff("kubevirt-plain"), LineDiff.of(domain, first));
        assertEquals(first, manager.defineDomain(version, first, vmi("")));
        assertEquals(first, manager.defineDomain(version, domain, vmi("")));
        // KubeVirt reads the answer back, and may keep the memory but not the arguments.
        String withoutArguments = first.replaceFirst("(?s)\\s*<qemu:commandline>.*?</qemu:commandline>", "");
        assertEquals(first, manager.defineDomain(version, withoutArguments, vmi("")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1alpha2", "v1alpha3"})
    void preCloudInitIsoAnswersWhatItIsGiven(String version) throws Exception {
        manager.collect(Duration.ofSeconds(5));

        WireMessage answer = manager.call(version, "PreCloudInitIso",
                new WireMessage().with(1, "{\"userData\":\"x\"}").with(2, vmi("")).with(3, new byte[]{1, 2, 0}));

        assertEquals("{\"userData\":\"x\"}", answer.text(1));
        assertArrayEquals(new byte[]{1, 2, 0}, answer.bytes(3));
    }

    @Test
    void annotationsMakeTheDevice() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        String tokens = "ops operator " + "ab".repeat(32);
        manager.defineDomain(LATEST, Domains.read("kubevirt-plain"),
                vmi("""
                        "clocktower.io/clocks":"utc, tai+alarm","clocktower.io/offset":"-5m","clocktower.io/poll-window":"50us",
                        "clocktower.io/labels":"team=search,tier=1","clocktower.io/log-level":"warn","kubevirt.io/other":"x\""""));

        JsonNode device = application.get("api/v1/devices/vm0");
        assertEquals("PT-5M",
                application.get("api/v1/devices/vm0/offset").get("offset").asText().replace("-PT5M", "PT-5M"));
        assertEquals(Map.of("namespace", "shop", "vmi", "till-1", "team", "search", "tier", "1"),
                device.get("labels").properties().stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, label -> label.getValue().asText())));
        JsonNode clocks = application.get("api/v1/devices/vm0/clocks");
        assertEquals(2, (clocks.isArray() ? clocks : clocks.get("clocks")).size(), clocks.toString());
        try (Guest guest = guest()) {
            assertEquals(OK, guest.request(ofClock(READ, 1), 16).status());
        }

        // A retry does not undo what an operator has changed since.
        assertEquals(200,
                application.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"1h\"}").statusCode());
        manager.defineDomain(LATEST, Domains.read("kubevirt-plain"), vmi("""
                "clocktower.io/clocks":"utc, tai+alarm","clocktower.io/offset":"-5m","clocktower.io/poll-window":"50us",
                "clocktower.io/labels":"team=search,tier=1","clocktower.io/log-level":"warn\""""));
        assertEquals("PT1H", application.get("api/v1/devices/vm0/offset").get("offset").asText());

        manager.defineDomain(LATEST, Domains.read("kubevirt-plain"),
                vmi("\"clocktower.io/tokens\":\"" + tokens + "\""));
        assertEquals(401, application.send("api/v1/devices").statusCode());
        assertEquals(200, application.send("q/health/live").statusCode());
    }

    /** Of one service: what it refused does not keep it from defining the next. */
    @Test
    void aBadAnnotationIsNamedWithItsValue() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        String domain = Domains.read("kubevirt-plain");
        assertAll(
                """
                        offset|5|annotation clocktower.io/offset: "5", expected a duration with units
                        offset|300y|annotation clocktower.io/offset: "300y", expected a duration with units
                        offset|PT99999999H|annotation clocktower.io/offset: "PT99999999H", expected at most 292 years
                        poll-window|2s|annotation clocktower.io/poll-window: 2s, expected 0s to 1s
                        clocks|utc,noon|annotation clocktower.io/clocks: "utc,noon", "noon" is no clock, expected clocks
                        labels|team|annotation clocktower.io/labels: "team", expected labels such as team=search,tier=1
                        labels|vmi=x|annotation clocktower.io/labels: "vmi=x", the device has the label vmi by itself
                        labels|te am=x|annotation clocktower.io/labels: labels.te am: expected a name of
                        log-level|loud|annotation clocktower.io/log-level: "loud", expected one of debug, info, warn, error
                        tokens|ops operator secret|annotation clocktower.io/tokens: line 1: expected a name, viewer or operator, and
                        ofset|5m|annotation clocktower.io/ofset: "5m", unknown annotation (did you mean 'offset'?), expected one of
                        """
                        .lines().map(line -> line.split("\\|")).map(bad -> () -> {
                            String reason = refusal(domain,
                                    vmi("\"clocktower.io/%s\":\"%s\"".formatted(bad[0], bad[1])));

                            assertTrue(reason.startsWith("clocktower: " + bad[2]), reason);
                            assertFalse(reason.contains("secret"), reason);
                        }));
        manager.defineDomain(LATEST, domain, vmi(""));
    }

    @Test
    void whatIsNotADomainOrAVmiIsRefusedAndTheServiceLives() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        String domain = Domains.read("kubevirt-plain");

        assertEquals("clocktower: the VMI is not a JSON object", refusal(domain, ""));
        assertTrue(refusal(domain, "{\"metadata\":").startsWith("clocktower: the VMI is not JSON: line 1: "));
        assertEquals("clocktower: the VMI is not a JSON object", refusal(domain, "[]"));
        assertTrue(refusal("<domain>", vmi("")).startsWith("clocktower: the domain is not well-formed XML: "));
        assertTrue(refusal("<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><domain>&y;</domain>", vmi(""))
                .startsWith("clocktower: the domain has a DTD"));
        assertEquals("clocktower: the domain has 10485760 bytes, expected at most 2097152",
                refusal(" ".repeat(10 << 20), vmi("")));
        assertTrue(refusal(domain, vmi("\"kubevirt.io/memfd\":\"false\""))
                .startsWith("clocktower: annotation kubevirt.io/memfd: \"false\", expected none"));
        assertThrows(StatusRuntimeException.class,
                () -> manager.call(LATEST, "OnDefineDomain", new WireMessage().with(1, new byte[20 << 20])));
        assertThrows(StatusRuntimeException.class, () -> manager.call(LATEST, "Unknown", new WireMessage()));

        assertEquals(Domains.diff("kubevirt-plain"),
                LineDiff.of(domain, manager.defineDomain(LATEST, domain, vmi(""))));
        assertEquals(200, application.send("q/health/ready").statusCode());
    }

    @Test
    void shutdownWithoutAVmEndsTheServiceWithStatusZero() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        manager.defineDomain(LATEST, Domains.read("kubevirt-plain"), vmi(""));

        manager.call(LATEST, "Shutdown", new WireMessage());

        assertEquals(0, application.awaitEnd().status());
        try (Stream<Path> files = Files.list(hooks.resolve(CONTAINER))) {
            assertEquals(List.of(), files.filter(file -> !Files.isDirectory(file)).toList());
        }
    }

    @Test
    void shutdownWaitsForAVmThatIsStillConnected() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        try (Guest guest = guest()) {
            manager.call(LATEST, "Shutdown", new WireMessage());
            Thread.sleep(SECOND.toMillis());
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
        }
        assertEquals(0, application.awaitEnd().status());
    }

    @Test
    void sigtermWithoutAVmEndsTheServiceAtOnceWithStatusZero() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        long startNs = System.nanoTime();

        application.signal("TERM");

        assertEquals(0, application.awaitEnd().status());
        assertTrue(System.nanoTime() - startNs < Duration.ofSeconds(5).toNanos());
    }

    @Test
    void sigtermLetsAVmShutDownAndEndsTheServiceAfterIt() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        manager.defineDomain(LATEST, Domains.read("kubevirt-plain"), vmi(""));
        long endedNs;
        try (Guest guest = guest()) {
            application.signal("TERM");
            // The VMI's grace period, 7 s, and 25 s: it is connected for less than that.
            for (int i = 0; i < 10; i++) {
                assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
                Thread.sleep(SECOND.toMillis());
            }
            endedNs = System.nanoTime();
        }
        assertEquals(0, application.awaitEnd().status());
        assertTrue(System.nanoTime() - endedNs < Duration.ofSeconds(3).toNanos());
        assertTrue(application.log().contains("waiting up to 32 s"), application.log());
    }

    @Test
    void aPreflightNamesWhatWillNotWorkInOneLine() throws Exception {
        manager.collect(Duration.ofSeconds(5));
        String vmi = """
                {"metadata":{"namespace":"shop","name":"till-1"},"spec":{"evictionStrategy":"LiveMigrate","domain":{
                "cpu":{"dedicatedCpuPlacement":true},"devices":{"interfaces":[{"name":"default","masquerade":{}}]}}}}""";
        String domain = Domains.read("libvirt-private-file-memory").replace("pc-q35-10.0", "pc-q35-rhel9.6.0");

        manager.defineDomain(LATEST, domain, vmi);
        manager.defineDomain(LATEST, domain, vmi);

        List<String> lines = application.log().lines().filter(line -> line.contains("preflight")).toList();
        assertEquals(1, lines.size(), lines.toString());
        for (String part : List.of("machine type pc-q35-rhel9.6.0", "with the source file",
                "interface default: masquerade",
                "dedicated CPUs", "evictionStrategy LiveMigrate")) {
            assertTrue(lines.getFirst().contains(part), lines.getFirst());
        }
    }
}
