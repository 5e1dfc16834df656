package io.clocktower.benchmark;

import io.clocktower.app.ControlGroup;
import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import io.clocktower.app.Processes;
import io.clocktower.frontend.FrontEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What the packaged application takes: the time from exec to the first accepted connection and until it is ready, the
 * first readings of a guest, memory with one device and with a thousand, processor time of a thousand that are idle, and how
 * long a guest waits that is one of a thousand. With root and control groups of version 1 also what it does with 128 MiB, and
 * with a fifth of a processor.
 */
public final class Footprint {

    private static final int STARTS = 9;
    private static final int FIRST_READINGS = 100;
    private static final int DEVICES = 1_000;
    /** As many as 20,000 descriptors are enough for. */
    private static final int GUESTS = 800;
    private static final int SCRAPES = 1_000;
    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 11;
    private static final long IDLE_MS = 10_000;
    private static final long SETTLED_MS = 2_000;

    /** One start: times in seconds, readings in microseconds. */
    private record Start(double socket, double ready, double readings, double residentMb) {}

    private Footprint() {}

    public static void main(String... arguments) throws Exception {
        System.out.printf("| what | |%n|---|---|%n");
        Set<String> parts = arguments.length == 0 ? Set.of("one", "many", "groups") : Set.of(arguments);
        if (parts.contains("one")) {
            oneDevice();
        }
        if (parts.contains("many")) {
            manyDevices();
        }
        if (parts.contains("groups") && ControlGroup.isAvailable()) {
            inGroups();
        }
    }

    private interface Run {
        void with(Path directory) throws Exception;
    }

    private static void inDirectory(Run run) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-footprint");
        try {
            run.with(directory);
        } finally {
            Directories.remove(directory);
        }
    }

    private static Map<String, String> properties(Path directory, int devices) {
        var properties = new TreeMap<>(Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.shutdown-grace", "0s"));
        for (int i = 0; i < devices; i++) {
            properties.put("clocktower.devices.vm%d.socket".formatted(i), socket(directory, i).toString());
        }
        return properties;
    }

    private static Path socket(Path directory, int device) {
        return directory.resolve("vm%d.sock".formatted(device));
    }

    private static void oneDevice() throws Exception {
        var starts = new ArrayList<Start>();
        for (int i = 0; i <= STARTS; i++) {
            inDirectory(directory -> starts.add(start(List.of(), directory)));
        }
        // The first one also loads the classes of this process.
        starts.removeFirst();
        row("exec to the first accepted connection", "%.2f s", median(starts, Start::socket));
        row("exec to ready", "%.2f s", median(starts, Start::ready));
        row("first %d readings, p99".formatted(FIRST_READINGS), "%.0f us", median(starts, Start::readings));
        row("resident, one device, idle, after a scrape", "%.0f MB", median(starts, Start::residentMb));
    }

    private static Start start(List<String> launcher, Path directory) throws Exception {
        long startNs = System.nanoTime();
        try (var application = PackagedApplication.launch(launcher, directory, properties(directory, 1))) {
            awaitAccepted(socket(directory, 0));
            double accepted = secondsSince(startNs);
            application.awaitReady();
            double ready = secondsSince(startNs);
            double readings;
            try (var read = new Read(socket(directory, 0))) {
                readings = percentile(read, FIRST_READINGS, 0.99);
            }
            application.send("q/metrics");
            Thread.sleep(SETTLED_MS);
            return new Start(accepted, ready, readings, Processes.residentKb(application.pid()) / 1024.0);
        }
    }

    private static void awaitAccepted(Path socket) throws InterruptedException {
        while (true) {
            try (var frontEnd = new FrontEnd(socket)) {
                frontEnd.askU64(FrontEnd.GET_FEATURES);
                return;
            } catch (IOException e) {
                Thread.sleep(1);
            }
        }
    }

    private static double secondsSince(long startNs) {
        return (System.nanoTime() - startNs) / 1e9;
    }

    private static double percentile(Read read, int trips, double part) {
        long[] ns = new long[trips];
        for (int i = 0; i < trips; i++) {
            long beforeNs = System.nanoTime();
            read.run();
            ns[i] = System.nanoTime() - beforeNs;
        }
        Arrays.sort(ns);
        return ns[(int) Math.ceil(trips * part) - 1] / 1e3;
    }

    private static void manyDevices() throws Exception {
        inDirectory(directory -> {
            try (var application = PackagedApplication.start(directory, properties(directory, DEVICES))) {
                Thread.sleep(SETTLED_MS);
                double before = Processes.residentKb(application.pid()) / 1024.0;
                long cpuBefore = Processes.cpuMs(application.pid());
                Thread.sleep(IDLE_MS);
                row("%d devices, idle: processor".formatted(DEVICES), "%.2f %% of a core",
                        100.0 * (Processes.cpuMs(application.pid()) - cpuBefore) / IDLE_MS);
                application.send("q/metrics");
                Thread.sleep(SETTLED_MS);
                row("%d devices: resident".formatted(DEVICES), "%.0f MB", before);
                row("%d devices: resident, after a scrape".formatted(DEVICES), "%.0f MB",
                        Processes.residentKb(application.pid()) / 1024.0);
                roundRobin(directory);
                row("%d devices: resident, %d guests".formatted(DEVICES, GUESTS), "%.0f MB",
                        Processes.residentKb(application.pid()) / 1024.0);
            }
        });
    }

    /** One guest again and again, and all of them one after the other; both take turns. */
    private static void roundRobin(Path directory) throws IOException {
        var guests = new ArrayList<Read>();
        try {
            for (int i = 0; i < GUESTS; i++) {
                guests.add(new Read(socket(directory, i)));
            }
            for (int i = 0; i < WARM_UP; i++) {
                guests.get(i % GUESTS).run();
            }
            double[] ones = new double[ROUNDS];
            double[] ratios = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                ones[round] = percentile(guests.getFirst(), GUESTS, 0.5);
                long[] ns = new long[GUESTS];
                for (int i = 0; i < GUESTS; i++) {
                    long beforeNs = System.nanoTime();
                    guests.get(i).run();
                    ns[i] = System.nanoTime() - beforeNs;
                }
                Arrays.sort(ns);
                ratios[round] = ns[GUESTS / 2] / 1e3 / ones[round];
            }
            row("one guest, p50", "%.1f us", median(ones));
            row("%d guests in turn, p50 / one".formatted(GUESTS), "%.2f", median(ratios));
        } finally {
            for (Read guest : guests) {
                guest.close();
            }
        }
    }

    private static void inGroups() throws Exception {
        inDirectory(directory -> {
            try (var group = new ControlGroup();
                    var application = start(group, directory, "memory.limit_in_bytes", "128M")) {
                try (var read = new Read(socket(directory, 0))) {
                    for (int i = 0; i < SCRAPES; i++) {
                        application.get("q/health/ready");
                        application.send("q/metrics");
                        read.run();
                    }
                }
                row("memory limit of 128M, %d scrapes: charged at the most".formatted(SCRAPES), "%.0f MB",
                        group.number("memory.max_usage_in_bytes") / 1048576.0);
            }
        });
        inDirectory(directory -> {
            try (var group = new ControlGroup()) {
                group.set("cpu.cfs_quota_us", "20000");
                long startNs = System.nanoTime();
                try (var _ = PackagedApplication.start(group.launcher(), directory, properties(directory, 1))) {
                    row("quota of 200m: exec to ready", "%.1f s", secondsSince(startNs));
                }
            }
        });
    }

    private static PackagedApplication start(ControlGroup group, Path directory, String file, String value)
            throws IOException {
        group.set(file, value);
        return PackagedApplication.start(group.launcher(), directory, properties(directory, 1));
    }

    private static void row(String what, String format, double figure) {
        System.out.printf("| %s | %s |%n", what, format.formatted(figure));
    }

    private static double median(List<Start> starts, ToDoubleFunction<Start> figure) {
        return median(starts.stream().mapToDouble(figure).toArray());
    }

    private static double median(double[] figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
