package io.clocktower.training;

import io.clocktower.app.CommandLineRun;
import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import io.clocktower.benchmark.Read;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Makes the AOT cache of the packaged application: has it start, serve a guest and answer the calls that most services get,
 * and hand over. The JVM then writes the classes that this took, and the profiles of their methods. One command of the command
 * line makes the cache of that. What is not done here (TLS,
 * OIDC, webhooks, the OpenAPI document) takes its classes from the jars, and needs no memory where it is not used.
 */
public final class Training {

    /** So many that the request path is compiled, and its profile is whole. */
    private static final int READINGS = 20_000;
    private static final int CALLS = 20;
    private static final List<String> PATHS = List.of("q/health/ready", "q/health/live", "q/metrics", "api/v1/host",
            "api/v1/devices", "api/v1/devices/vm0", "api/v1/devices/vm0/clocks", "api/v1/devices/vm0/faults");

    private Training() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-training");
        try {
            Map<String, String> properties = Map.of("clocktower.socket-dir", directory.toString(),
                    "clocktower.devices.vm0.socket", directory.resolve("vm0.sock").toString(), "clocktower.state-dir",
                    directory.resolve("state").toString(), "clocktower.shutdown-grace", "0s");
            var application = PackagedApplication.record(directory, properties);
            try (application) {
                serve(directory.resolve("vm0.sock"));
                try (var guest = new Guest(directory.resolve("vm0.sock"))) {
                    must(guest, Requests.head(Requests.CFG), 16);
                    must(guest, Requests.ofClock(Requests.CLOCK_CAP, 0), 16);
                    must(guest, Requests.ofCounter(Requests.CROSS_CAP, 0, 0), 16);
                    for (int i = 0; i < CALLS; i++) {
                        operate(application, guest);
                    }
                    recordClient(directory, application);
                    handOver(application, directory, properties);
                }
            }
        } finally {
            Directories.remove(directory);
        }
    }

    /** A command that reads options, sends and reads JSON, and prints a table, and so takes most classes of all. */
    private static void recordClient(Path directory, PackagedApplication application)
            throws IOException, InterruptedException {
        var client = CommandLineRun.of(directory, Map.of("CLOCKTOWER_URL", application.root().toString()),
                "--record-client", "offset", "vm0", "-5s", "--for", "1m", "--dry-run");
        if (client.status() != 0) {
            throw new IllegalStateException("the command line failed: " + client);
        }
    }

    /** Last: the application that is recorded ends by it. Both sides' steps are in its rehearsal. */
    private static void handOver(PackagedApplication application, Path directory, Map<String, String> properties) {
        try (var next = PackagedApplication.handover(application, directory.resolve("successor.log"), properties)) {
            next.awaitReady();
            application.awaitEnd();
        }
    }

    private static void serve(Path socket) throws IOException {
        try (var read = new Read(socket)) {
            for (int i = 0; i < READINGS; i++) {
                read.run();
            }
        }
    }

    private static void operate(PackagedApplication application, Guest guest) throws IOException {
        must(application, "PUT", "api/v1/devices/vm0/offset", "{\"offset\": \"-5s\", \"duration\": \"10m\"}");
        must(guest, Requests.ofClock(Requests.READ, 0), 16);
        for (String path : PATHS) {
            must(application, "GET", path, null);
        }
        must(application, "DELETE", "api/v1/devices/vm0/faults", null);
        must(guest, Requests.ofClock(Requests.READ, 0), 16);
    }

    private static void must(Guest guest, byte[] request, int responseBytes) {
        int status = guest.request(request, responseBytes).status();
        if (status != Requests.OK) {
            throw new IllegalStateException("request %d ended with status %d".formatted(request[0], status));
        }
    }

    private static void must(PackagedApplication application, String method, String path, String body)
            throws IOException {
        int status = application.send(method, path, body).statusCode();
        if (status / 100 != 2) {
            throw new IllegalStateException("%s %s was answered %d".formatted(method, path, status));
        }
    }
}
