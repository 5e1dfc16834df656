package io.clocktower.benchmark;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What guests, front-ends and callers can do to the packaged application, and how long another device's guest waits
 * during the attack. Each attack has an application of its own. After the attack comes a control run of the same length.
 *
 * <pre>
 * mvn -B -q -DskipTests package exec:exec@benchmark -Dbenchmark=Attacks [-Dattack=regions]
 * </pre>
 */
public final class Attacks {

    private static final String WATCHED = "watched";
    private static final long SHORTEST_CONTROL_MS = 2_000;
    private static final long SETTLE_MS = 2_000;

    /** An attack, and the application that it needs. */
    record Attack(String name, List<String> launcher, Map<String, String> properties, Act act) {}

    /** Returns once the attack is over and all it held is closed. */
    interface Act {
        void on(Target target) throws Exception;
    }

    /** The application that is attacked. */
    record Target(PackagedApplication application, Path directory) {

        Path socket(String device) {
            return directory.resolve(device + ".sock");
        }

        void create(String device) throws IOException {
            var answer = application.send("POST", "api/v1/devices", "{\"name\":\"" + device + "\"}");
            if (answer.statusCode() != 201) {
                throw new IOException(answer.body());
            }
        }
    }

    private record Usage(long descriptors, long threads, long residentKb) {

        static Usage of(long pid) throws Exception {
            new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid),
                    "GC.run").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
            List<String> status = Files.readAllLines(Path.of("/proc/" + pid + "/status"));
            try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
                return new Usage(descriptors.count(), number(status, "Threads:"), number(status, "VmRSS:"));
            }
        }

        private static long number(List<String> lines, String head) {
            return lines.stream().filter(line -> line.startsWith(head))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
        }
    }

    private Attacks() {}

    public static void main(String... arguments) throws Exception {
        String wanted = System.getProperty("attack", "");
        System.out.println("""
                | attack | longest gap | control run | descriptors | threads | resident memory |
                |---|---|---|---|---|---|""");
        for (Attack attack : AttackList.all()) {
            if (wanted.isEmpty() || List.of(wanted.split(",")).contains(attack.name)) {
                run(attack);
            }
        }
    }

    private static void run(Attack attack) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-attack");
        var properties = new HashMap<>(attack.properties);
        properties.put("clocktower.socket-dir", directory.toString());
        properties.put("clocktower.shutdown-grace", "0s");
        properties.put("clocktower.devices." + WATCHED + ".labels.role", "bystander");
        try (var application = PackagedApplication.start(attack.launcher, directory, properties);
                var watcher = new Watcher(directory.resolve(WATCHED + ".sock"))) {
            Thread.sleep(SETTLE_MS);
            Usage before = Usage.of(application.pid());
            watcher.takeLongestNs();
            long beganNs = System.nanoTime();
            attack.act.on(new Target(application, directory));
            long attackedNs = watcher.takeLongestNs();
            Thread.sleep(Math.max(SHORTEST_CONTROL_MS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs)));
            long aloneNs = watcher.takeLongestNs();
            Usage after = Usage.of(application.pid());
            System.out.printf("| %s | %.1f ms | %.1f ms | %d / %d | %d / %d | %d / %d MB |%n", attack.name,
                    attackedNs / 1e6, aloneNs / 1e6, before.descriptors, after.descriptors, before.threads,
                    after.threads, before.residentKb >> 10, after.residentKb >> 10);
        } finally {
            Directories.remove(directory);
        }
    }
}
