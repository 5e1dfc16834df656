package io.clocktower.benchmark;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What READ costs a guest, against a bare ping-pong over eventfds and against an ideal back-end in C, all measured by the same
 * front-end in C: {@code src/bench}, which is compiled here and so takes a C compiler, {@code cc}. The subjects take turns, so
 * that whatever else the machine does comes to all of them, and a ratio is the median of those of neighbours in time. With
 * {@code -Dclocktower.executable=target/clocktower} Clocktower is the native executable, and the jars are there besides.
 */
public final class ReadLatency {

    private static final int ROUNDS = 9;
    private static final int MILLISECONDS = 200;
    private static final String FLOOR = "ping-pong";
    private static final String IDEAL = "ideal-polling";
    private static final List<String> SOURCES = List.of("frontend.c", "ideal.c");

    /** One subject in one round. */
    private record Round(double medianNs, double p99Ns, double nsARequest) {}

    /** How requests are made, and what the ratio is of: less is better for those of times, more for those of rates. */
    private enum Way {

        ONE_SLEEPING("One at a time, the driver sleeps", FLOOR, false), ONE_SPINNING("One at a time, the driver spins",
                IDEAL, false), BATCH_SLEEPING("64 a kick, the driver sleeps", IDEAL,
                        true), BATCH_SPINNING("64 a kick, the driver spins", IDEAL, true);

        private final String title;
        private final String base;
        private final boolean isRate;

        Way(String title, String base, boolean isRate) {
            this.title = title;
            this.base = base;
            this.isRate = isRate;
        }

        private static Way of(String name) {
            return valueOf(name.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
        }
    }

    private ReadLatency() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-benchmark");
        try {
            List<String> command = new ArrayList<>(List.of(compile(directory).toString(), Integer.toString(ROUNDS),
                    Integer.toString(MILLISECONDS), FLOOR, "ideal-sleeping", IDEAL));
            Path jvm = Files.createDirectory(directory.resolve("jvm"));
            try (var application = PackagedApplication.start(directory, properties(directory));
                    var onJvm = PackagedApplication.executable().isPresent()
                            ? PackagedApplication.startJars(jvm, properties(jvm))
                            : null) {
                command.addAll(subjects("Clocktower", directory));
                if (onJvm != null) {
                    command.addAll(subjects("JVM", jvm));
                }
                report(run(command).orElseThrow());
                application.await("api/v1/devices/polling", device -> device.path("state").asText().equals("waiting"));
            }
        } finally {
            Directories.remove(directory);
        }
    }

    private static Map<String, String> properties(Path directory) {
        return Map.of("clocktower.socket-dir", directory.toString(), "clocktower.shutdown-grace", "0s",
                "clocktower.devices.polling.mode", "listen", "clocktower.devices.sleeping.poll-window", "0s");
    }

    private static List<String> subjects(String name, Path directory) {
        return List.of(name + "=" + directory.resolve("polling.sock"),
                name + ",poll-window:0s=" + directory.resolve("sleeping.sock"));
    }

    private static Path compile(Path directory) throws Exception {
        Path sources = Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("src/bench");
        Path program = directory.resolve("frontend");
        List<String> command = new ArrayList<>(
                List.of("cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", program.toString()));
        SOURCES.forEach(source -> command.add(sources.resolve(source).toString()));
        run(command).orElseThrow(() -> new IllegalStateException("this benchmark needs a C compiler: cannot run cc"));
        return program;
    }

    /** What a program prints; empty if there is no such program. */
    private static Optional<String> run(List<String> command) throws InterruptedException, IOException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            return Optional.empty();
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command.getFirst() + " failed");
        }
        return Optional.of(output);
    }

    private static void report(String output) throws Exception {
        Map<Way, Map<String, List<Round>>> results = new LinkedHashMap<>();
        for (String line : output.lines().toList()) {
            // WAY SUBJECT ROUND REQUESTS MEDIAN_NS P99_NS NS_A_REQUEST
            String[] fields = line.split(" ");
            results.computeIfAbsent(Way.of(fields[0]), _ -> new LinkedHashMap<>())
                    .computeIfAbsent(fields[1], _ -> new ArrayList<>()).add(new Round(Double.parseDouble(fields[4]),
                            Double.parseDouble(fields[5]), Double.parseDouble(fields[6])));
        }
        System.out.printf("%s; commit %s; medians of %d rounds of %d ms%n", machine(),
                run(List.of("git", "rev-parse", "--short", "HEAD")).map(String::strip).orElse("unknown"), ROUNDS,
                MILLISECONDS);
        results.forEach(ReadLatency::report);
    }

    private static String machine() throws IOException {
        String model = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name")).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 2)).orElse(System.getProperty("os.arch"));
        return "%d processors (%s), Linux %s, Java %s".formatted(Runtime.getRuntime().availableProcessors(), model,
                System.getProperty("os.version"), Runtime.version());
    }

    private static void report(Way way, Map<String, List<Round>> subjects) {
        System.out.printf("%n| %s | median | p99 | requests/s | %s |%n|---|---|---|---|---|%n", way.title,
                way.isRate ? "rate / " + way.base : "median / " + way.base);
        subjects.forEach((name, rounds) -> System.out.printf("| %s | %.2f us | %.1f us | %.2f M | %.2f |%n",
                name.replace(",", ", ").replace(":", " "), median(rounds, Round::medianNs) / 1e3,
                median(rounds, Round::p99Ns) / 1e3, 1e3 / median(rounds, Round::nsARequest),
                ratio(way, rounds, subjects.get(way.base))));
    }

    private static double ratio(Way way, List<Round> rounds, List<Round> base) {
        double[] ratios = new double[rounds.size()];
        Arrays.setAll(ratios, i -> way.isRate
                ? base.get(i).nsARequest / rounds.get(i).nsARequest
                : rounds.get(i).medianNs / base.get(i).medianNs);
        Arrays.sort(ratios);
        return ratios[ratios.length / 2];
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        double[] values = rounds.stream().mapToDouble(figure).sorted().toArray();
        return values[values.length / 2];
    }
}
