package io.clocktower.benchmark;

import io.clocktower.app.PackagedApplication;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.SystemHostClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How long a guest waits for READ, against a bare ping-pong over eventfds in the same run: of a device in this process
 * against one with a thread of this process, of the packaged application against one with another process. The subjects
 * take turns, so that whatever else the machine does comes to all of them, and a ratio is one of neighbours in time.
 */
public final class ReadLatency {

    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 25;
    private static final int TRIPS_A_ROUND = 2_000;
    private static final Duration POLL_WINDOW = Duration.ofNanos(50_000);
    private static final String FLOOR = "ping-pong";

    /** The two figures of one round, in nanoseconds. */
    private record Round(double median, double p99) {}

    private ReadLatency() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-benchmark");
        try (var devices = new DeviceHost(new SystemHostClock(LeapSeconds.builtIn()), LeapSeconds.builtIn(), 1);
                var application = PackagedApplication.start(directory,
                        Map.of("clocktower.socket-dir", directory.toString(), "clocktower.shutdown-grace", "0",
                                "clocktower.devices.process0.poll-window", "0",
                                "clocktower.devices.process50.poll-window", "50us"))) {
            devices.create(spec(directory, "thread0", Duration.ZERO));
            devices.create(spec(directory, "thread50", POLL_WINDOW));
            Map<String, RoundTrip> subjects = new LinkedHashMap<>();
            subjects.put("thread: ping-pong", PingPong.withThread());
            subjects.put("thread: READ, poll-window 0", new Read(directory.resolve("thread0.sock")));
            subjects.put("thread: READ, poll-window 50us", new Read(directory.resolve("thread50.sock")));
            subjects.put("process: ping-pong", PingPong.withProcess(directory.resolve("pong.sock")));
            subjects.put("process: READ, poll-window 0", new Read(directory.resolve("process0.sock")));
            subjects.put("process: READ, poll-window 50us", new Read(directory.resolve("process50.sock")));
            report(measure(subjects));
            for (RoundTrip subject : subjects.values()) {
                subject.close();
            }
            application.await("api/v1/devices/process0", device -> device.path("state").asText().equals("waiting"));
        } finally {
            delete(directory);
        }
    }

    private static DeviceSpec spec(Path directory, String name, Duration pollWindow) {
        return new DeviceSpec(name, directory.resolve(name + ".sock"), ClockSpec.DEFAULTS, Optional.empty(), pollWindow,
                Map.of());
    }

    private static Map<String, Round[]> measure(Map<String, RoundTrip> subjects) {
        subjects.values().forEach(subject -> round(subject, WARM_UP));
        Map<String, Round[]> results = new LinkedHashMap<>();
        subjects.keySet().forEach(name -> results.put(name, new Round[ROUNDS]));
        for (int i = 0; i < ROUNDS; i++) {
            int number = i;
            subjects.forEach((name, subject) -> results.get(name)[number] = round(subject, TRIPS_A_ROUND));
        }
        return results;
    }

    private static Round round(RoundTrip subject, int trips) {
        long[] ns = new long[trips];
        for (int i = 0; i < trips; i++) {
            long start = System.nanoTime();
            subject.run();
            ns[i] = System.nanoTime() - start;
        }
        Arrays.sort(ns);
        return new Round(ns[trips / 2], ns[trips * 99 / 100]);
    }

    private static void report(Map<String, Round[]> results) {
        System.out.printf("Medians of %d rounds of %d round trips%n%n", ROUNDS, TRIPS_A_ROUND);
        System.out.printf("| %-32s | median | p99 | median / floor | p99 / floor |%n|---|---|---|---|---|%n", "");
        results.forEach((name, rounds) -> {
            Round[] floor = results.get(name.replaceFirst(": .*", ": " + FLOOR));
            System.out.printf("| %-32s | %.1f us | %.1f us | %.2f | %.2f |%n", name,
                    median(Arrays.stream(rounds).mapToDouble(Round::median).toArray()) / 1e3,
                    median(Arrays.stream(rounds).mapToDouble(Round::p99).toArray()) / 1e3,
                    median(ratios(rounds, floor, true)), median(ratios(rounds, floor, false)));
        });
    }

    private static double[] ratios(Round[] rounds, Round[] floor, boolean ofMedians) {
        double[] ratios = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            ratios[i] = ofMedians ? rounds[i].median() / floor[i].median() : rounds[i].p99() / floor[i].p99();
        }
        return ratios;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void delete(Path directory) throws java.io.IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
